# What check says of a process that may be anybody's. After records.awk.

{ print printable($0) }
