/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/ownership.h"

/*@ requires \valid_read(f);
    assigns \nothing;
    ensures \result <==> (in_use(*f) && f->references != 0);
*/
static bool is_in_use(const struct frame *f)
{
    return f->type != FRAME_NONE && f->type != FRAME_FREE && f->references != 0;
}

/* Req: BH-MEM-014 */
void ownership_assign(struct frame *f, enum frame_type type, uint16_t owner, uint16_t charge, uint16_t mapper,
                      bool mapped)
{
    f->references = 1;
    f->mappings = mapped ? 1 : 0;
    f->owner = owner;
    f->charge = charge;
    f->mapper = mapper;
    f->type = (uint8_t)type;
    f->order = 0;
}

/* Nobody's. The order stays: the allocator looks at the type first. */
/*@ requires \valid(f);
    assigns f->references, f->mappings, f->owner, f->charge, f->mapper, f->type;
    ensures f->type == FRAME_NONE && f->references == 0 && f->mappings == 0;
*/
static void clear(struct frame *f)
{
    f->references = 0;
    f->mappings = 0;
    f->owner = FRAME_NO_DOMAIN;
    f->charge = FRAME_NO_DOMAIN;
    f->mapper = FRAME_NO_DOMAIN;
    f->type = FRAME_NONE;
}

int ownership_reference(struct frame *f, uint16_t owner)
{
    if (!is_in_use(f)) {
        return -XEN_EINVAL;
    }
    if (f->references >= OWNERSHIP_LIMIT) {
        return -XEN_EBUSY;
    }
    if (f->owner != owner) {
        return -XEN_EPERM;
    }
    f->references++;
    return 0;
}

/* Req: BH-MEM-004 */
bool ownership_drop(struct frame *f)
{
    if (f->references > 1) {
        f->references--;
        return false;
    }
    clear(f);
    return true;
}

/* Req: BH-MEM-015 */
int ownership_map(struct frame *f, uint16_t domid, const struct grant_pin *pin, bool write)
{
    bool may;

    if (!is_in_use(f)) {
        return -XEN_EINVAL;
    }
    may = f->mapper == domid ||
          (pin != NULL && pin->uses != 0 && pin->grantee == domid && (!write || pin->writes != 0));
    if (domid == FRAME_NO_DOMAIN || !may) {
        return -XEN_EPERM;
    }
    if (f->references >= OWNERSHIP_LIMIT) {
        return -XEN_EBUSY;
    }
    f->references++;
    f->mappings++;
    return 0;
}

bool ownership_unmap(struct frame *f)
{
    if (f->references > 1) {
        f->references--;
        f->mappings--;
        return false;
    }
    clear(f);
    return true;
}

int ownership_pin(struct grant_pin *p, uint16_t grantee, bool write)
{
    if (grantee == FRAME_NO_DOMAIN || (p->uses != 0 && p->grantee != grantee)) {
        return -XEN_EPERM;
    }
    if (p->uses >= OWNERSHIP_LIMIT) {
        return -XEN_EBUSY;
    }
    p->grantee = grantee;
    p->uses++;
    if (write) {
        p->writes++;
    }
    return 0;
}

bool ownership_unpin(struct grant_pin *p, bool write)
{
    p->uses--;
    if (write) {
        p->writes--;
    }
    return p->uses == 0;
}

/* Req: BH-DEV-003 */
int ownership_map_device(const struct device_range *r, uint16_t domid, uint64_t frame)
{
    bool may = domid != FRAME_NO_DOMAIN && r->user == domid && r->start <= frame && frame < r->end;

    return may ? 0 : -XEN_EPERM;
}
