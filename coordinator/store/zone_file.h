/* Time zones from the system's files. Blocking; for start-up and reloads. */
#ifndef STORE_ZONE_FILE_H
#define STORE_ZONE_FILE_H

#include "core/account/zone.h"

#define ZONE_DIR "/usr/share/zoneinfo"

/* By its IANA name. ERR_INVALID, ERR_LIMIT or ERR_IO, with the name in the text. */
int zone_file_load(const char *name, struct zone **zone, struct err *err);

#endif
