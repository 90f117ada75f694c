/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of ownership: for every frame of RAM its owner, its type, who pays for it, who may map it, how many
 * references keep it, and how many of those are mappings; and for every frame that its owner granted to another
 * domain, how often that one uses it.
 *
 * Plain C over plain structures, with contracts that `make verify` proves (ACSL; docs/verification.md): no run-time
 * error, no count wraps or goes below zero, an owner never changes while somebody refers to the frame, a frame is
 * freed only when no mapping is left, and a frame is mapped only for a domain that may map it or holds a live grant.
 * Nothing here is atomic: core/frame.c applies a transition to a copy and publishes it, core/grant.c holds a lock.
 */
#ifndef BH_OWNERSHIP_H
#define BH_OWNERSHIP_H

#include "bh/types.h"

enum frame_type {
    FRAME_NONE = 0,  /* not RAM, or RAM that is not ours to use; the state of a zeroed table */
    FRAME_FREE,      /* first frame of a block on a free list; the block's other frames say FRAME_NONE */
    FRAME_HYP,       /* the hypervisor's own objects */
    FRAME_TABLE,     /* a table of the hypervisor's address space */
    FRAME_P2M,       /* a stage-2 table */
    FRAME_STATE,     /* a vCPU's registers */
    FRAME_RAM,       /* a domain's memory */
    FRAME_SHARED,    /* the hypervisor's, written by a domain too: shared info, grant table */
    FRAME_TYPE_COUNT,
};

/* No domain: of an owner, the hypervisor; of a right to map, nobody. */
#define FRAME_NO_DOMAIN 0xffff

/* References and mappings of a frame, and uses of a grant, stay below this. */
#define OWNERSHIP_LIMIT 0x7fffffffU

/*
 * 16 bytes, so that the table costs 1/256 of RAM. A free frame uses the counts as links of the free list. Owner,
 * charge, mapper and type are written while nobody refers to the frame and are constant from the first reference to
 * the last.
 */
struct frame {
    uint32_t references; /* [atomic] who keeps it. [lock page_alloc] free: number of the previous block */
    uint32_t mappings;   /* [atomic] of the references, mappings. [lock page_alloc] free: number of the next block */
    uint16_t owner;      /* domid that owns it, or FRAME_NO_DOMAIN: the hypervisor */
    uint16_t charge;     /* domid that pays for it, or FRAME_NO_DOMAIN */
    uint16_t mapper;     /* domid that may map it without a grant, or FRAME_NO_DOMAIN */
    uint8_t type;        /* enum frame_type */
    uint8_t order;       /* free: log2 of the block that begins here */
};
_Static_assert(sizeof(struct frame) == 16, "frame table entry");

/*
 * Frames START up to END, which are no RAM but registers of devices: one domain has them and may map them. [lock device]
 */
struct device_range {
    uint64_t start, end;
    uint32_t mapped;     /* mappings that USER has, if that is not HOME */
    uint16_t user;       /* domid that has them, or FRAME_NO_DOMAIN: nobody */
    uint16_t home;       /* ... that has them again when USER lets go, or FRAME_NO_DOMAIN */
};

/* A frame that its owner grants to one domain: live while USES is not zero. [lock of the owner's grant table] */
struct grant_pin {
    uint32_t uses;       /* mappings and copies that go on */
    uint32_t writes;     /* of them, those that may write */
    uint16_t grantee;    /* domid; defined while the pin is live */
};

/*@ predicate in_use(struct frame f) = f.type != FRAME_NONE && f.type != FRAME_FREE;
    predicate counted(struct frame f) =
        in_use(f) && 0 < f.references <= OWNERSHIP_LIMIT && f.mappings <= f.references;
    predicate same_facts(struct frame a, struct frame b) =
        a.owner == b.owner && a.charge == b.charge && a.mapper == b.mapper && a.type == b.type && a.order == b.order;
    predicate unchanged(struct frame a, struct frame b) =
        same_facts(a, b) && a.references == b.references && a.mappings == b.mappings;
    predicate pin_counted(struct grant_pin p) = p.writes <= p.uses <= OWNERSHIP_LIMIT;
    predicate pin_live(struct grant_pin p) = 0 < p.uses;
    predicate may_map(struct frame f, integer domid) = domid != FRAME_NO_DOMAIN && f.mapper == domid;
    predicate granted(struct grant_pin p, integer domid) =
        domid != FRAME_NO_DOMAIN && pin_live(p) && p.grantee == domid;
    predicate granted_to_write(struct grant_pin p, integer domid) = granted(p, domid) && 0 < p.writes;
*/

/*
 * A frame that nobody refers to gets these facts, and its first reference. MAPPED: that reference is a mapping of
 * MAPPER's, which the caller makes next.
 */
/*@ requires \valid(f);
    requires type != FRAME_NONE && type != FRAME_FREE && 0 <= type < FRAME_TYPE_COUNT;
    requires mapped ==> mapper != FRAME_NO_DOMAIN;
    assigns *f;
    ensures counted(*f) && f->references == 1 && f->mappings == (mapped ? 1 : 0);
    ensures f->owner == owner && f->charge == charge && f->mapper == mapper && f->type == type;
*/
void ownership_assign(struct frame *f, enum frame_type type, uint16_t owner, uint16_t charge, uint16_t mapper,
                      bool mapped);

/* One more reference. -XEN_EINVAL: F is not in use. -XEN_EPERM: not OWNER's. -XEN_EBUSY: the count is at its limit. */
/*@ requires \valid(f);
    requires in_use(*f) && f->references != 0 ==> counted(*f);
    assigns f->references;
    ensures \result == 0 || \result == -XEN_EINVAL || \result == -XEN_EPERM || \result == -XEN_EBUSY;
    ensures \result == 0 ==> counted(*f) && f->references == \old(f->references) + 1;
    ensures \result == 0 ==> f->owner == owner && same_facts(*f, \old(*f)) && f->mappings == \old(f->mappings);
    ensures \result != 0 ==> unchanged(*f, \old(*f));
*/
MUST_USE int ownership_reference(struct frame *f, uint16_t owner);

/* Drops a reference that is no mapping; true: it was the last, and F is nobody's now. */
/*@ requires \valid(f) && counted(*f) && f->mappings < f->references;
    assigns *f;
    ensures \result ==> f->type == FRAME_NONE && f->references == 0 && f->mappings == 0 && \old(f->mappings) == 0;
    ensures !\result ==> counted(*f) && f->references == \old(f->references) - 1;
    ensures !\result ==> f->mappings == \old(f->mappings) && same_facts(*f, \old(*f));
*/
bool ownership_drop(struct frame *f);

/*
 * A reference that is a mapping for DOMID, which may map F itself, or by PIN (NULL: it has none) for reading, or for
 * writing if WRITE. -XEN_EINVAL: F is not in use. -XEN_EPERM: it may not. -XEN_EBUSY: the count is at its limit.
 */
/*@ requires \valid(f) && (pin == \null || \valid_read(pin));
    requires in_use(*f) && f->references != 0 ==> counted(*f);
    requires \separated(f, pin);
    assigns f->references, f->mappings;
    ensures \result == 0 || \result == -XEN_EINVAL || \result == -XEN_EPERM || \result == -XEN_EBUSY;
    ensures \result == 0 ==> counted(*f) && same_facts(*f, \old(*f));
    ensures \result == 0 ==> f->references == \old(f->references) + 1 && f->mappings == \old(f->mappings) + 1;
    ensures \result == 0 ==> may_map(*f, domid) || (pin != \null && granted(*pin, domid));
    ensures \result == 0 && write ==> may_map(*f, domid) || (pin != \null && granted_to_write(*pin, domid));
    ensures \result != 0 ==> unchanged(*f, \old(*f));
*/
MUST_USE int ownership_map(struct frame *f, uint16_t domid, const struct grant_pin *pin, bool write);

/* A mapping is gone, and its reference with it; true: it was the last one, and F is nobody's now. */
/*@ requires \valid(f) && counted(*f) && 0 < f->mappings;
    assigns *f;
    ensures \result ==> f->type == FRAME_NONE && f->references == 0 && f->mappings == 0 && \old(f->mappings) == 1;
    ensures !\result ==> counted(*f) && f->references == \old(f->references) - 1;
    ensures !\result ==> f->mappings == \old(f->mappings) - 1 && same_facts(*f, \old(*f));
*/
bool ownership_unmap(struct frame *f);

/*
 * GRANTEE uses the grant once more. -XEN_EPERM: it is live for another domain, or GRANTEE is none. -XEN_EBUSY: the
 * count is at its limit.
 */
/*@ requires \valid(p) && pin_counted(*p);
    assigns *p;
    ensures pin_counted(*p);
    ensures \result == 0 || \result == -XEN_EPERM || \result == -XEN_EBUSY;
    ensures \result == 0 ==> granted(*p, grantee) && p->uses == \old(p->uses) + 1;
    ensures \result == 0 ==> p->writes == \old(p->writes) + (write ? 1 : 0);
    ensures \result == 0 && pin_live(\old(*p)) ==> \old(p->grantee) == grantee;
    ensures \result != 0 ==> p->uses == \old(p->uses) && p->writes == \old(p->writes);
    ensures \result != 0 ==> p->grantee == \old(p->grantee);
*/
MUST_USE int ownership_pin(struct grant_pin *p, uint16_t grantee, bool write);

/* The grant is used once less; true: it is not live any more. */
/*@ requires \valid(p) && pin_counted(*p) && pin_live(*p);
    requires write ==> 0 < p->writes;
    requires !write ==> p->writes < p->uses;
    assigns p->uses, p->writes;
    ensures pin_counted(*p) && p->uses == \old(p->uses) - 1 && p->writes == \old(p->writes) - (write ? 1 : 0);
    ensures \result <==> p->uses == 0;
*/
bool ownership_unpin(struct grant_pin *p, bool write);

/* May DOMID map frame FRAME as one of R's? -XEN_EPERM: it is none, or another domain has it. */
/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result == 0 || \result == -XEN_EPERM;
    ensures \result == 0 <==> (domid != FRAME_NO_DOMAIN && r->user == domid && r->start <= frame < r->end);
*/
MUST_USE int ownership_map_device(const struct device_range *r, uint16_t domid, uint64_t frame);

#endif
