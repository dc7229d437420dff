# Times are shown in the local time zone ($TZ). After calendar.awk. strftime() is not
# POSIX's, but mawk, gawk and busybox have it.

# In seconds east of UTC, at a time in seconds since 1970.
function clock_offset(seconds) {
    return seconds_of(strftime("%Y-%m-%dT%H:%M:%S", seconds)) - seconds
}
