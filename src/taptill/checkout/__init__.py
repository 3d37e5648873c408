"""The till: one sale at a time, from the first key or tap to the committed charge."""
