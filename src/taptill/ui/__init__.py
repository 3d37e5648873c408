"""The screen of the till: draws views and reads the keyboard."""
