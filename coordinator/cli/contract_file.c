#include "cli/contract_file.h"
#include "base/buf.h"
#include "store/zone_file.h"
#include "wire/contract.h"

int contract_zone_load(const char *file, const struct contract *contract, struct zone **zone,
                       struct err *err)
{
    const struct bound *from = &contract->valid_from, *until = &contract->valid_until;

    if (zone_file_load(contract->timezone, zone, err) < 0)
        return err_wrap(err, ERR_INVALID, "%s: timezone of contract", file);
    if (from->given && until->given && bound_ms(until, *zone) <= bound_ms(from, *zone))
        return err_set(err, ERR_INVALID, "%s: contract: valid_until is not after valid_from", file);
    return 0;
}

int contract_text_read(const char *name, const void *text, size_t len, struct contract *contract,
                       struct zone **zone, struct err *err)
{
    int r;

    *contract = (struct contract){0};
    *zone = NULL;
    r = contract_parse(name, text, len, contract, err);
    if (r == 0)
        r = contract_zone_load(name, contract, zone, err);
    if (r == 0)
        return 0;
    zone_free(*zone);
    *zone = NULL;
    contract_free(contract);
    return r;
}

int contract_file_read(struct cli *cli, const char *file, struct contract *contract,
                       struct zone **zone)
{
    struct buf bytes = {0};
    struct err err;
    int r;

    *contract = (struct contract){0};
    *zone = NULL;
    r = cli_read_file(file, LIMIT_CONFIG, &bytes, &err);
    if (r == 0)
        r = contract_text_read(file, bytes.data, bytes.len, contract, zone, &err);
    buf_free(&bytes);
    return r == 0 ? 0 : cli_fail(cli, r == ERR_IO ? CLI_USAGE : CLI_REFUSED, "%s", err.text);
}
