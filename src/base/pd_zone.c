/* Zones from the system's tz database: reads TZif (RFC 8536), version 2 or later, and answers with
 * the offset of an instant. The file's bytes are trusted in nothing. */
#include "base/pd_zone_int.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#define FOLDER         "/usr/share/zoneinfo/"
#define FILE_BYTES_MAX 262144
#define NAME_MAX_CHARS 64
#define HEADER_BYTES   44
#define TYPE_BYTES     6
#define FOOTER_MAX     128

/* The six counts of a header, RFC 8536 3.1. */
typedef struct counts_t {
    apr_size_t isut, isstd, leap, time, type, chars;
} counts_t;

static apr_uint32_t get32(const unsigned char *at)
{
    return (apr_uint32_t)at[0] << 24 | (apr_uint32_t)at[1] << 16 | (apr_uint32_t)at[2] << 8 | at[3];
}

static apr_int64_t get64(const unsigned char *at)
{
    return (apr_int64_t)((apr_uint64_t)get32(at) << 32 | get32(at + 4));
}

static int read_header(counts_t *counts, const unsigned char *bytes, apr_size_t left)
{
    if (left < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2') {
        return 0;
    }
    counts->isut = get32(bytes + 20);
    counts->isstd = get32(bytes + 24);
    counts->leap = get32(bytes + 28);
    counts->time = get32(bytes + 32);
    counts->type = get32(bytes + 36);
    counts->chars = get32(bytes + 40);
    return 1;
}

/* Bytes of the data block; the sum of 32-bit counts can't overflow 64 bits. */
static apr_uint64_t block_bytes(const counts_t *counts, unsigned time_bytes)
{
    return (apr_uint64_t)counts->time * (time_bytes + 1) + (apr_uint64_t)counts->type * TYPE_BYTES +
           counts->chars + (apr_uint64_t)counts->leap * (time_bytes + 4) + counts->isstd +
           counts->isut;
}

/* RFC 8536 3.2: about a day each way. */
static int read_offset(int *offset, const unsigned char *type)
{
    *offset = (int)(apr_int32_t)get32(type);
    return *offset > -90000 && *offset < 93600;
}

static apr_status_t read_block(pd_zone_t *zone, const counts_t *counts, const unsigned char *data,
                               apr_pool_t *p)
{
    const unsigned char *indexes = data + counts->time * 8, *types = indexes + counts->time;
    apr_int64_t *instants = apr_palloc(p, (counts->time + 1) * sizeof *instants);
    int *offsets = apr_palloc(p, (counts->time + 1) * sizeof *offsets);
    for (apr_size_t i = 0; i < counts->time; i++) {
        instants[i] = get64(data + i * 8);
        if (indexes[i] >= counts->type || (i > 0 && instants[i] <= instants[i - 1]) ||
            !read_offset(&offsets[i], types + indexes[i] * TYPE_BYTES)) {
            return APR_EINVAL;
        }
    }
    zone->n_transitions = (int)counts->time;
    zone->instants = instants;
    zone->offsets = offsets;
    return read_offset(&zone->first_offset, types) ? APR_SUCCESS : APR_EINVAL;
}

/* "\n" TZ text "\n"; an empty text means that the last offset goes on. */
static apr_status_t read_footer(pd_zone_t *zone, const unsigned char *at, apr_size_t left)
{
    char text[FOOTER_MAX];
    if (left < 2 || at[0] != '\n') {
        return APR_EINVAL;
    }
    const unsigned char *end = memchr(at + 1, '\n', left - 1);
    apr_size_t length = end ? (apr_size_t)(end - at) - 1 : sizeof text;
    if (length >= sizeof text || memchr(at + 1, 0, length)) {
        return APR_EINVAL;
    }
    memcpy(text, at + 1, length);
    text[length] = '\0';
    zone->has_rule = length > 0;
    return !zone->has_rule || pd_zone_rule_read(&zone->rule, text) ? APR_SUCCESS : APR_EINVAL;
}

apr_status_t pd_zone_read(pd_zone_t *zone, const unsigned char *bytes, apr_size_t length,
                          apr_pool_t *p)
{
    counts_t counts;
    memset(zone, 0, sizeof *zone);
    /* The first block has 32-bit times, for old readers: skipped. */
    if (!read_header(&counts, bytes, length) ||
        block_bytes(&counts, 4) > (apr_uint64_t)(length - HEADER_BYTES)) {
        return APR_EINVAL;
    }
    apr_size_t at = HEADER_BYTES + (apr_size_t)block_bytes(&counts, 4);
    if (!read_header(&counts, bytes + at, length - at) || counts.type == 0 ||
        block_bytes(&counts, 8) > (apr_uint64_t)(length - at - HEADER_BYTES)) {
        return APR_EINVAL;
    }
    apr_status_t status = read_block(zone, &counts, bytes + at + HEADER_BYTES, p);
    if (status) {
        return status;
    }
    at += HEADER_BYTES + (apr_size_t)block_bytes(&counts, 8);
    return read_footer(zone, bytes + at, length - at);
}

static int name_sound(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    apr_size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_CHARS && strspn(name, good) == length && name[0] != '/';
}

static apr_status_t read_file(unsigned char **bytes, apr_size_t *length, const char *path,
                              apr_pool_t *p)
{
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, p);
    if (status) {
        return APR_STATUS_IS_ENOENT(status) || APR_STATUS_IS_ENOTDIR(status) ? APR_ENOENT : status;
    }
    if (info.filetype != APR_REG || info.size > FILE_BYTES_MAX) {
        return APR_EINVAL;
    }
    status = apr_file_open(&file, path, APR_READ | APR_BINARY, APR_OS_DEFAULT, p);
    if (status) {
        return status;
    }
    *length = (apr_size_t)info.size;
    *bytes = apr_palloc(p, *length + 1);
    status = apr_file_read_full(file, *bytes, *length, length);
    apr_file_close(file);
    return APR_STATUS_IS_EOF(status) ? APR_EINVAL : status;
}

apr_status_t pd_zone_load(const pd_zone_t **zone, const char *name, apr_pool_t *p)
{
    unsigned char *bytes;
    apr_size_t length;
    *zone = NULL;
    if (!name || !name_sound(name)) {
        return APR_EINVAL;
    }
    pd_zone_t *loaded = apr_pcalloc(p, sizeof *loaded);
    if (strcmp(name, "UTC") != 0) { /* UTC needs no database: all zeros */
        apr_status_t status = read_file(&bytes, &length, apr_pstrcat(p, FOLDER, name, NULL), p);
        if (!status) {
            status = pd_zone_read(loaded, bytes, length, p);
        }
        if (status) {
            return status;
        }
    }
    *zone = loaded;
    return APR_SUCCESS;
}

int pd_zone_offset(const pd_zone_t *zone, apr_int64_t secs)
{
    int low = 0, high = zone->n_transitions; /* the first transition after `secs` is searched */
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (zone->instants[middle] <= secs) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    if (low == zone->n_transitions && zone->has_rule) {
        return pd_zone_rule_offset(&zone->rule, secs);
    }
    return low == 0 ? zone->first_offset : zone->offsets[low - 1];
}

void pd_zone_local(pd_local_time_t *local, const pd_zone_t *zone, apr_time_t instant)
{
    apr_int64_t secs = pd_floor_div(instant, APR_USEC_PER_SEC);
    local->offset_secs = pd_zone_offset(zone, secs);
    secs += local->offset_secs;
    apr_int64_t days = pd_floor_div(secs, PD_SECS_PER_DAY);
    int rest = (int)(secs - days * PD_SECS_PER_DAY);
    pd_date_of(&local->year, &local->month, &local->day, days);
    local->hour = rest / 3600;
    local->minute = rest / 60 % 60;
    local->second = rest % 60;
    local->weekday = pd_weekday_of(days);
}
