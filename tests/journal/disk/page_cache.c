/* Writes and syncs of a journal in, what a power cut would leave of it in $REMAINS out.

   Stands before libc (LD_PRELOAD) as the page cache of ext4 and xfs over a disk that may fail: a
   write makes pages dirty, a sync brings them to the disk. A sync that fails calls them clean all
   the same, and the next one passes without them (Rebello et al., "Can Applications Recover from
   fsync Failures?", USENIX ATC 2020). It fails while the journal's folder is called `failing`.
   For one thread; what becomes of the files' names is not its matter. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES_MAX = 16384, OTHER = -1 };
static const char *const NAMES[] = {"/journal.db", "/journal.db-wal"};
static char dirty[2][PAGES_MAX];
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name)) /* libc's own */

/* Tell which file of the journal it is, and the folder that it lies in by now. */
static int which(int fd, char folder[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, folder, PATH_MAX - 1);
    folder[length < 0 ? 0 : length] = 0;
    char *name = strrchr(folder, '/');
    for (int file = 0; name && file < 2; file++)
        if (!strcmp(name, NAMES[file])) return *name = 0, file;
    return OTHER;
}

static ssize_t written(int fd, ssize_t length, off64_t end) {
    char folder[PATH_MAX];
    int file = length > 0 ? which(fd, folder) : OTHER;
    if (file == OTHER) return length;
    if (end > (off64_t)PAGE * PAGES_MAX) abort();
    off64_t first = (end - length) / PAGE;
    memset(&dirty[file][first], 1, (end - 1) / PAGE - first + 1);
    return length;
}

static int synced(int fd, int (*real)(int)) {
    char folder[PATH_MAX], path[2 * PATH_MAX];
    int file = which(fd, folder);
    if (file == OTHER) return real(fd);
    if (!strcmp(strrchr(folder, '/'), "/failing")) {
        memset(dirty[file], 0, PAGES_MAX);
        return errno = EIO, -1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* it may be open for writing only */
    int from = open(path, O_RDONLY);
    snprintf(path, sizeof path, "%s%s", getenv("REMAINS"), NAMES[file]);
    int to = open(path, O_WRONLY | O_CREAT, 0600);
    for (off_t page = 0; page < PAGES_MAX; page++)
        if (dirty[file][page]) {
            off_t at = lseek(to, page * PAGE, SEEK_SET);
            if (sendfile(to, from, &at, PAGE) < 0) abort();
            dirty[file][page] = 0;
        }
    if (ftruncate(to, lseek(from, 0, SEEK_END))) abort();
    return close(from), close(to);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    ssize_t done = REAL(write)(fd, bytes, length);
    return written(fd, done, done > 0 ? lseek64(fd, 0, SEEK_CUR) : 0);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    ssize_t done = REAL(pwrite)(fd, bytes, length, at);
    return written(fd, done, at + done);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    ssize_t done = REAL(pwrite64)(fd, bytes, length, at);
    return written(fd, done, at + done);
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }
