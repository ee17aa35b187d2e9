/* The file is never mapped itself: who shortens a file that is mapped kills all who read it
 * (SIGBUS). It is copied into memory that has no name on any disk, and libmaxminddb, which wants a
 * path, gets that. One lock for all: a look-up takes microseconds and stands beside the hashing of
 * a password. */
#include "portal/pd_place.h"
#include <apr_atomic.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"

#define LOOK_EVERY     apr_time_from_sec(5)
#define FILE_BYTES_MAX ((off_t)512 * 1024 * 1024)
#define NAME_BYTES_MAX 100

const pd_place_t pd_place_none = {"", "", "", "", ""};

/* By what a file is known to be another. */
typedef struct identity_t {
    ino_t inode;
    off_t size;
    struct timespec changed;
} identity_t;

struct pd_places_t {
    const char *path;
    volatile apr_uint32_t *said, own_said;
    pthread_mutex_t lock; /* of all below */
    int looked, is_open;
    apr_time_t looked_at; /* pd_clock_ticks */
    identity_t identity;  /* of what was tried last; zeros: there was no file */
    MMDB_s file;
};

static apr_status_t close_file(void *data)
{
    pd_places_t *places = data;
    if (places->is_open)
        MMDB_close(&places->file);
    places->is_open = 0;
    return APR_SUCCESS;
}

pd_places_t *pd_places_new(const char *path, volatile apr_uint32_t *said, apr_pool_t *p)
{
    if (path == NULL)
        return NULL;
    pd_places_t *places = apr_pcalloc(p, sizeof(*places));
    places->path = path;
    places->said = said != NULL ? said : &places->own_said;
    pthread_mutex_init(&places->lock, NULL);
    apr_pool_cleanup_register(p, places, close_file, apr_pool_cleanup_null);
    return places;
}

/* Once for each state of the file, whichever process finds it first. */
static void say(pd_places_t *places, const char *trouble)
{
    const identity_t *is = &places->identity;
    apr_uint32_t state = (apr_uint32_t)is->inode * 31 + (apr_uint32_t)is->size * 17 +
                         (apr_uint32_t)is->changed.tv_sec + (apr_uint32_t)is->changed.tv_nsec;
    if (apr_atomic_xchg32(places->said, state | 1) == (state | 1))
        return;
    if (trouble != NULL)
        pd_log(PD_LOG_WARNING, 0,
               "PD0810: the file of places %s can't be used (%s): until it is replaced, sign-ins go"
               " on without places",
               places->path, trouble);
    else
        pd_log(PD_LOG_INFO, 0, "PD0811: places of sign-ins come from %s, %s of epoch %lu",
               places->path, places->file.metadata.database_type,
               (unsigned long)places->file.metadata.build_epoch);
}

/* A copy that nobody can shorten; -1 with errno. */
static int copy_whole(int from, off_t size)
{
    int copy = memfd_create("pdportal-places", MFD_CLOEXEC);
    off_t at = 0;
    while (copy >= 0 && at < size) {
        ssize_t n = sendfile(copy, from, &at, (size_t)(size - at));
        if (n > 0 || (n < 0 && errno == EINTR))
            continue;
        errno = n == 0 ? ENODATA : errno; /* it was shortened meanwhile */
        close(copy);
        return -1;
    }
    return copy;
}

/* NULL, or what is wrong with it. */
static const char *open_copy(pd_places_t *places, int copy)
{
    char path[64];
    apr_snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
    int error = MMDB_open(path, MMDB_MODE_MMAP, &places->file);
    places->is_open = error == MMDB_SUCCESS;
    return places->is_open ? NULL : MMDB_strerror(error);
}

static const char *load(pd_places_t *places, char *text, apr_size_t text_size)
{
    struct stat found;
    const char *trouble = NULL;
    int copy = -1, from = open(places->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from >= 0 && fstat(from, &found) == 0) {
        if (!S_ISREG(found.st_mode) || found.st_size > FILE_BYTES_MAX)
            trouble = "this is no such file";
        else
            copy = copy_whole(from, found.st_size);
    }
    if (copy >= 0)
        trouble = open_copy(places, copy);
    else if (trouble == NULL)
        trouble = apr_strerror(errno, text, text_size);
    if (copy >= 0)
        close(copy);
    if (from >= 0)
        close(from);
    return trouble;
}

/* Looks now and then whether the file is still the same. A file that is being written is tried
 * again when it has changed once more. */
static void renew(pd_places_t *places)
{
    char text[128];
    struct stat found;
    identity_t identity = {0};
    apr_time_t now = pd_clock_ticks();
    if (places->looked && now - places->looked_at < LOOK_EVERY)
        return;
    if (stat(places->path, &found) == 0) {
        identity.inode = found.st_ino;
        identity.size = found.st_size;
        identity.changed = found.st_ctim;
    }
    int same = places->looked && identity.inode == places->identity.inode &&
               identity.size == places->identity.size &&
               identity.changed.tv_sec == places->identity.changed.tv_sec &&
               identity.changed.tv_nsec == places->identity.changed.tv_nsec;
    places->looked = 1;
    places->looked_at = now;
    if (same)
        return;
    places->identity = identity;
    close_file(places);
    say(places, load(places, text, sizeof(text)));
}

int pd_places_ready(pd_places_t *places)
{
    if (places == NULL)
        return 0;
    pthread_mutex_lock(&places->lock);
    renew(places);
    int ready = places->is_open;
    pthread_mutex_unlock(&places->lock);
    return ready;
}

static int is_printable(const char *bytes, apr_size_t length)
{
    for (apr_size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < ' ' || bytes[i] == 127)
            return 0;
    }
    return pd_utf8_valid(bytes, length);
}

/* A text below the keys, which NULL ends; "" when it has none. */
static const char *text_at(MMDB_entry_s *entry, apr_pool_t *p, ...)
{
    MMDB_entry_data_s data;
    va_list keys;
    va_start(keys, p);
    int error = MMDB_vget_value(entry, &data, keys);
    va_end(keys);
    if (error != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
        data.data_size > NAME_BYTES_MAX || !is_printable(data.utf8_string, data.data_size))
        return "";
    return apr_pstrmemdup(p, data.utf8_string, data.data_size);
}

static int is_code(const char *text)
{
    return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' &&
           text[1] <= 'Z';
}

static void read_nested(pd_place_t *place, MMDB_entry_s *entry, apr_pool_t *p)
{
    place->country = text_at(entry, p, "country", "iso_code", (const char *)NULL);
    place->country_ru = text_at(entry, p, "country", "names", "ru", (const char *)NULL);
    place->country_en = text_at(entry, p, "country", "names", "en", (const char *)NULL);
    place->region_ru = text_at(entry, p, "subdivisions", "0", "names", "ru", (const char *)NULL);
    place->region_en = text_at(entry, p, "subdivisions", "0", "names", "en", (const char *)NULL);
}

/* "country" is the code with some, the name with others. */
static void read_flat(pd_place_t *place, MMDB_entry_s *entry, apr_pool_t *p)
{
    const char *country = text_at(entry, p, "country", (const char *)NULL);
    *place = pd_place_none;
    place->country = text_at(entry, p, "country_code", (const char *)NULL);
    place->country_en = text_at(entry, p, "country_name", (const char *)NULL);
    place->region_en = text_at(entry, p, "region", (const char *)NULL);
    if (*place->country == '\0' && is_code(country))
        place->country = country;
    if (*place->country_en == '\0' && !is_code(country))
        place->country_en = country;
}

void pd_place_find(pd_place_t *place, pd_places_t *places, const char *address, apr_pool_t *p)
{
    int no_address = 0, error = MMDB_SUCCESS;
    MMDB_lookup_result_s found = {0};
    *place = pd_place_none;
    if (places == NULL || address == NULL)
        return;
    pthread_mutex_lock(&places->lock);
    renew(places);
    if (places->is_open) /* asks no name server: the address has to be numbers */
        found = MMDB_lookup_string(&places->file, address, &no_address, &error);
    if (no_address == 0 && error == MMDB_SUCCESS && found.found_entry) {
        read_nested(place, &found.entry, p);
        if (!is_code(place->country))
            read_flat(place, &found.entry, p);
    }
    pthread_mutex_unlock(&places->lock);
    if (!is_code(place->country))
        *place = pd_place_none;
}

static const char *name_in(const char *language, const char *ru, const char *en)
{
    const char *first = strcmp(language, "ru") == 0 ? ru : en;
    return *first != '\0' ? first : first == ru ? en : ru;
}

const char *pd_place_country_name(const pd_place_t *place, const char *language)
{
    const char *name = name_in(language, place->country_ru, place->country_en);
    return *name != '\0' ? name : place->country;
}

const char *pd_place_region_name(const pd_place_t *place, const char *language)
{
    return name_in(language, place->region_ru, place->region_en);
}
