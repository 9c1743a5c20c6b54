/* Options of net-tools' netstat and of ss that netstat does not have. */
#ifndef TOOLS_NETSTAT_FOREIGN_H
#define TOOLS_NETSTAT_FOREIGN_H

/* getopt has met this word, or this letter in it, and does not know it: what to do instead, or NULL: it is nobody's. */
const char *foreign_option(const char *word, int letter);

#endif
