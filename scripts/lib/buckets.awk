# report's records, counted in buckets of time. Which time a log spans is known at its end
# alone: if the buckets do not reach, they become wider, each made of several. After report.awk.

# A tick is the beginning of a time stamp that the buckets' width can tell from
# others. Buckets begin at multiples of their width since 1970, whatever is read
# first.
function set_width(i) {
    width_index = i
    width = i in WIDTHS ? WIDTHS[i] + 0 : 2 * width
    shift = width > DAY ? first_day * DAY % width : 0
    tick_length = i in WIDTHS ? TICK_LENGTHS[i] + 0 : 10
    last_tick = ""
}

function begin_tick(tick) {
    count_tick()
    tick_at = since_first_day(tick)
    last_tick = tick
}

# Milliseconds since the midnight before the first record: small numbers stay whole
# as keys in every awk. Of a time stamp or its beginning.
function since_first_day(text) {
    text = text substr("0000-00-00T00:00:00.000", length(text) + 1)
    if (substr(text, 1, 16) != known_minute)
        begin_minute(text)
    return known_minute_at + ("1" substr(text, 18, 2) substr(text, 21, 3)) - 100000
}

function begin_minute(text,    date) {
    date = substr(text, 1, 10)
    if (date != known_date) {
        if (known_date == "")
            first_day = day_of(date)
        known_date = date
        known_day = day_of(date) - first_day
    }
    known_minute = substr(text, 1, 16)
    known_minute_at = (known_day * 1440 + digits(text, 12, 2) * 60 + digits(text, 15, 2)) * 60000
}

function count_tick(    word, bucket, has_any) {
    for (word in now)
        has_any = 1
    if (!has_any)
        return
    bucket = bucket_of(tick_at)
    if (first_bucket == "")
        first_bucket = last_bucket = bucket
    while (last_bucket - bucket >= MOST_BUCKETS || bucket - first_bucket >= MOST_BUCKETS) {
        widen()
        bucket = bucket_of(tick_at)
    }
    if (bucket < first_bucket)
        first_bucket = bucket
    if (bucket > last_bucket)
        last_bucket = bucket
    for (word in now) {
        records += now[word]
        count[word] += now[word]
        buckets[word, bucket] += now[word]
    }
    split("", now)
}

function bucket_of(at) {
    return floor((at + shift) / width)
}

# Milliseconds since 1970.
function start_of(bucket) {
    return bucket * width - shift + first_day * DAY
}

function widen(    key, part, widened, old_width, old_shift) {
    old_width = width
    old_shift = shift
    set_width(width_index + 1)
    for (key in buckets) {
        split(key, part, SUBSEP)
        widened[part[1], bucket_of(part[2] * old_width - old_shift)] += buckets[key]
    }
    split("", buckets)
    for (key in widened)
        buckets[key] = widened[key]
    first_bucket = bucket_of(first_bucket * old_width - old_shift)
    last_bucket = bucket_of(last_bucket * old_width - old_shift)
}
