#include "store/zone_file.h"
#include "base/buf.h"
#include "store/file.h"

int zone_file_load(const char *name, struct zone **zone, struct err *err)
{
    struct buf path = {0}, bytes = {0};
    int r;

    if (!zone_name_ok(name))
        return err_set(err, ERR_INVALID, "\"%s\" is not a time zone's name", name);
    buf_printf(&path, "%s/%s", ZONE_DIR, name);
    r = file_read(buf_cstr(&path), ZONE_FILE_MAX, &bytes, err);
    if (r > 0)
        r = err_set(err, ERR_IO, "%s: there is no such file", buf_cstr(&path));
    if (r == 0)
        r = zone_parse(bytes.data, bytes.len, zone, err);
    buf_free(&bytes);
    buf_free(&path);
    return r < 0 ? err_wrap(err, r, "time zone %s", name) : 0;
}
