# shellcheck shell=sh
# summary.sh LIB: the worst finding in the records of standard input, in a line, as the
# summary of a run has it. LIB is the folder of this file.

lib=$1
. "$lib/commands/report.sh"
report_view=summary
REPORT_CAUSES=$lib/causes.txt
REPORT_LIMITS=$lib/limits.txt
REPORT_NAMES=log
REPORT_PIECE=1000000 # no line is in pieces
REPORT_TOTAL=
LC_ALL=C
export REPORT_CAUSES REPORT_LIMITS REPORT_NAMES REPORT_PIECE REPORT_TOTAL LC_ALL
report_count
