/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small hypercalls, the PV console's ring, and numbers that mean nothing.
 */
#include "hypercalls.h"

#include "abi/arm_layout.h"

void vcpu_call(struct vcpu *v, struct call *c)
{
    unsigned kind = byte();

    c->number = __HYPERVISOR_vcpu_op;
    c->a[1] = kind < 200 ? v->id : kind < 250 ? kind % 4 : number();
    if (kind % 8 < 4) {
        struct vcpu_register_vcpu_info info = { .mfn = once_in(8) ? any_page() : any_ram(v->domain) };

        info.offset = once_in(8) ? (uint32_t)number() : byte() % 64 * 8;
        c->a[0] = VCPUOP_register_vcpu_info;
        c->a[2] = put_new(v, &info, sizeof(info));
    } else if (kind % 8 < 7) {
        uint64_t where = once_in(8) ? 0 : (any_ram(v->domain) << PAGE_SHIFT) + byte() * 8;

        c->a[0] = VCPUOP_register_runstate_memory_area;
        c->a[2] = put_new(v, &where, sizeof(where));
    } else {
        c->a[0] = byte() % 16;
        c->a[2] = room(64);
    }
}

static void poll(struct vcpu *v, struct call *c)
{
    struct sched_poll a = { .nr_ports = once_in(16) ? (unsigned)number() : byte() % 5 };
    evtchn_port_t ports[4];

    for (unsigned i = 0; i < ARRAY_COUNT(ports); i++) {
        ports[i] = once_in(32) ? (evtchn_port_t)number() : 1 + byte() % 12;
    }
    a.timeout = byte() % 4 == 0 ? 0 : host_now + byte() * 10000;
    *(uint64_t *)&a.ports = put_new(v, ports, sizeof(ports));
    c->a[1] = put_new(v, &a, sizeof(a));
}

void sched_call(struct vcpu *v, struct call *c)
{
    unsigned kind = byte();

    c->number = __HYPERVISOR_sched_op;
    if (kind < 90) {
        c->a[0] = SCHEDOP_poll;
        poll(v, c);
    } else if (kind < 120) {
        struct sched_watchdog a = { .id = byte() % 4, .timeout = byte() % 4 };

        c->a[0] = SCHEDOP_watchdog;
        c->a[1] = put_new(v, &a, sizeof(a));
    } else if (kind < 160) {
        struct sched_shutdown a = { .reason = byte() % 8 };

        c->a[0] = kind < 130 ? SCHEDOP_shutdown : SCHEDOP_shutdown_code;
        c->a[1] = put_new(v, &a, sizeof(a));
    } else if (kind < 180) {
        struct sched_remote_shutdown a = { .domain_id = any_domid(v->domain), .reason = byte() % 8 };

        c->a[0] = SCHEDOP_remote_shutdown;
        c->a[1] = put_new(v, &a, sizeof(a));
    } else {
        c->a[0] = kind < 210 ? SCHEDOP_yield : kind < 230 ? SCHEDOP_block : byte() % 16;
        c->a[1] = room(16);
    }
}

void small_call(struct vcpu *v, struct call *c)
{
    static const uint8_t parameters[] = {
        HVM_PARAM_CALLBACK_IRQ, HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_PFN,
        HVM_PARAM_CONSOLE_EVTCHN, HVM_PARAM_MONITOR_RING_PFN,
    };
    struct xen_hvm_param parameter = { .domid = DOMID_SELF };
    xen_feature_info_t features = { .submap_idx = 0 };

    switch (byte() % 8) {
    case 0: case 1:
        parameter.domid = own_domid(v->domain, 8);
        parameter.index = once_in(4) ? (uint32_t)number() : parameters[byte() % ARRAY_COUNT(parameters)];
        parameter.value = number();
        c->number = __HYPERVISOR_hvm_op;
        c->a[0] = byte() % 4 == 0 ? HVMOP_set_param : HVMOP_get_param;
        c->a[1] = put_new(v, &parameter, sizeof(parameter));
        break;
    case 2:
        c->number = __HYPERVISOR_hvm_op;
        c->a[0] = byte() % 2 == 0 ? HVMOP_guest_request_vm_event : byte() % 32;
        c->a[1] = byte() % 2 == 0 ? 0 : room(64);
        break;
    case 3:
        c->number = __HYPERVISOR_vm_assist;
        c->a[0] = byte() % 3;
        c->a[1] = byte() % 2 == 0 ? VMASST_TYPE_runstate_update_flag : number();
        break;
    case 4:
        c->number = __HYPERVISOR_xen_version;
        c->a[0] = byte() % 12;
        features.submap_idx = once_in(4) ? (unsigned)number() : 0;
        c->a[1] = byte() % 8 == 0 ? 0 : room(1024);
        if (c->a[0] == XENVER_get_features) {
            c->a[1] = put_new(v, &features, sizeof(features));
        }
        break;
    case 5: case 6:
        c->number = __HYPERVISOR_console_io;
        c->a[0] = once_in(8) ? byte() % 4 : CONSOLEIO_write;
        c->a[1] = once_in(32) ? number() & 0xffff : byte() * 2;
        c->a[2] = (any_ram(v->domain) << PAGE_SHIFT) + byte();
        break;
    default:
        c->number = once_in(4) ? number() : byte() % 64;
        c->number = c->number == __HYPERVISOR_multicall ? 0 : c->number;
        for (unsigned i = 0; i < 5; i++) {
            c->a[i] = i == 1 ? room(256) : number();
        }
        break;
    }
}

/* Characters and indexes of the PV console's ring, if V's domain has one. */
void console_write(struct vcpu *v)
{
    uint64_t at = GUEST_MAGIC_BASE;
    struct { XENCONS_RING_IDX in_cons, in_prod, out_cons, out_prod; } index;

    if (guest_copy_from_gpa(v->domain, at + offsetof(struct xencons_interface, in_cons), &index, sizeof(index)) != 0) {
        return;
    }
    index.out_prod = once_in(8) ? (XENCONS_RING_IDX)number() : index.out_prod + byte() * 4;
    index.out_cons = once_in(8) ? (XENCONS_RING_IDX)number() : index.out_cons;
    index.in_cons = once_in(8) ? (XENCONS_RING_IDX)number() : index.in_prod;
    (void)!guest_copy_to_gpa(v->domain, at + offsetof(struct xencons_interface, in_cons), &index, sizeof(index));
}
