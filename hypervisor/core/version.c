/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xen_version: what Xen's tools and guests ask of a hypervisor's identity.
 */
#include "arch/arch.h"
#include "bh/boot_options.h"
#include "bh/control.h"
#include "bh/domain.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "bh/version.h"
#include "lib/string.h"

#define VERSION_NUMBER (VERSION_MAJOR << 16 | VERSION_MINOR)

static const char capabilities[] = "xen-3.0-" ARCH_CAPABILITY;

static int64_t text_out(struct vcpu *v, uint64_t handle, const char *text, size_t size)
{
    char buffer[sizeof(xen_capabilities_info_t)];

    memset(buffer, 0, sizeof(buffer));
    (void)string_copy(buffer, size, text, size);
    return guest_copy_to(v, guest_handle(handle), buffer, size);
}

static int64_t features_out(struct vcpu *v, uint64_t handle)
{
    xen_feature_info_t info;
    int err = guest_copy_from(v, &info, guest_handle(handle), sizeof(info));

    if (err != 0) {
        return err;
    }
    if (info.submap_idx != 0) {
        return -XEN_EINVAL;
    }
    info.submap = 1U << XENFEAT_memory_op_vnode_supported | 1U << XENFEAT_writable_page_tables |
                  1U << XENFEAT_auto_translated_physmap | ARCH_FEATURES |
                  (v->domain->is_initial ? 1U << XENFEAT_dom0 : 0);
    if (DOMAIN_HAS_PLACES && v->domain->is_direct) {
        info.submap = (info.submap & ~(1U << XENFEAT_not_direct_mapped)) | 1U << XENFEAT_direct_mapped;
    }
    return guest_copy_to(v, guest_handle(handle), &info, sizeof(info));
}

static int64_t platform_out(struct vcpu *v, uint64_t handle)
{
    xen_platform_parameters_t p = { .virt_start = ARCH_VIRT_START };

    return guest_struct_to(v, guest_handle(handle), &p, sizeof(p), STRUCT_guest_long);
}

static int64_t compile_info_out(struct vcpu *v, uint64_t handle)
{
    static const xen_compile_info_t info = { .compiler = VERSION_COMPILER, .compile_by = "", .compile_domain = "",
                                             .compile_date = "" };

    return guest_copy_to(v, guest_handle(handle), &info, sizeof(info));
}

/* Req: BH-CTL-031 */
/* The board's boot arguments are not a partition's business. xl looks in them for dom0_mem. */
static COLD int64_t command_line_out(struct vcpu *v, uint64_t handle)
{
    if (CONFIG_CONTROL && control_may(v->domain, NULL, CONTROL_BOARD)) {
        return text_out(v, handle, boot_options_line(), BOOT_OPTIONS_SIZE);
    }
    return text_out(v, handle, "<denied>", sizeof("<denied>"));
}

/* Req: BH-ABI-003 */
int64_t hypercall_xen_version(struct vcpu *v, uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case XENVER_version:
        return VERSION_NUMBER;
    case XENVER_extraversion:
        return text_out(v, a[1], VERSION_EXTRA, sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info_out(v, a[1]);
    case XENVER_capabilities:
        return text_out(v, a[1], capabilities, sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return text_out(v, a[1], "", sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return platform_out(v, a[1]);
    case XENVER_get_features:
        return features_out(v, a[1]);
    case XENVER_pagesize:
        return a[1] != 0 ? -XEN_EINVAL : (int64_t)PAGE_SIZE;
    case XENVER_guest_handle: {
        static const xen_domain_handle_t handle;

        return guest_copy_to(v, guest_handle(a[1]), &handle, sizeof(handle));
    }
    case XENVER_build_id:
        return -XEN_EPERM;
    case XENVER_commandline:
        return command_line_out(v, a[1]);
    default:
        return -XEN_ENOSYS;
    }
}
