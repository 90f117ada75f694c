/* SPDX-License-Identifier: Apache-2.0 */
#include "config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

static const char *const supported[KEY_COUNT] = {
    [KEY_NAME] = "name",       [KEY_KERNEL] = "kernel",         [KEY_RAMDISK] = "ramdisk", [KEY_EXTRA] = "extra",
    [KEY_DEVICE_TREE] = "device_tree",
    [KEY_CMDLINE] = "cmdline", [KEY_MEMORY] = "memory",         [KEY_VCPUS] = "vcpus",     [KEY_CPUS] = "cpus",
    [KEY_VUART] = "vuart",     [KEY_CPU_WEIGHT] = "cpu_weight",
    [KEY_ON_POWEROFF] = "on_poweroff", [KEY_ON_REBOOT] = "on_reboot", [KEY_ON_CRASH] = "on_crash",
    [KEY_ON_WATCHDOG] = "on_watchdog", [KEY_RESTART_LIMIT] = "restart_limit",
    [KEY_STATIC_MEMORY] = "static_memory", [KEY_DIRECT_MAP] = "direct_map",
    [KEY_SHARED_MEMORY] = "shared_memory", [KEY_WATCHDOG] = "watchdog", [KEY_READY] = "ready", [KEY_AFTER] = "after",
    [KEY_AFTER_TIMEOUT] = "after_timeout", [KEY_AFTER_ACTION] = "after_action", [KEY_DTDEV] = "dtdev",
    [KEY_IOMEM] = "iomem", [KEY_IOPORTS] = "ioports", [KEY_IRQS] = "irqs", [KEY_LLC_COLORS] = "llc_colors",
    [KEY_NODES] = "nodes",
};

/* The other keys of xl.cfg(5) and of xl itself, sorted. */
/* clang-format off */
static const char *const xl_only[] = {
    "acpi", "acpi_firmware", "acpi_laptop_slate", "acpi_s3", "acpi_s4", "altp2m", "altp2m_count", "altp2mhvm", "apic",
    "arm_sci", "bios", "bios_path_override", "boot", "bootloader", "bootloader_args", "bootloader_restrict",
    "bootloader_user", "builder", "cap", "channel", "cpuid", "cpus_soft", "device_model", "device_model_args",
    "device_model_args_hvm", "device_model_args_pv", "device_model_override", "device_model_stubdomain_override",
    "device_model_stubdomain_seclabel", "device_model_user", "device_model_version", "disk", "display",
    "dm_restrict", "driver_domain", "e820_host", "extratime", "firmware", "firmware_override",
    "gfx_passthru", "gic_version", "hap", "hdtype", "hpet", "hvm_pirq", "init_seclabel",
    "keymap", "latency", "localtime", "max_event_channels", "max_grant_frames", "max_grant_version",
    "max_maptrack_frames", "maxmem", "maxvcpus", "mca_caps", "mmio_hole", "ms_vm_genid", "msr_relaxed", "nestedhvm",
    "nographic", "nomigrate", "nr_spis", "nx", "on_soft_reset", "oos", "opengl", "p9", "pae", "passthrough", "pci", "pci_msitranslate", "pci_permissive", "pci_power_mgmt",
    "pci_seize", "period", "pool", "pvcalls", "pvshim", "pvshim_cmdline", "pvshim_extra", "pvshim_path", "rdm",
    "rdm_mem_boundary", "root", "rtc_timeoffset", "sdl", "seclabel", "serial", "shadow_memory", "slice", "smbios",
    "smbios_firmware", "soundhw", "spice", "spice_clipboard_sharing", "spice_image_compression",
    "spice_streaming_video", "spiceagent_mouse", "spicedisable_ticketing", "spicehost", "spicepasswd", "spiceport",
    "spicetls_port", "spiceusbredirection", "spicevdagent", "stdvga", "stubdomain_cmdline", "stubdomain_kernel",
    "stubdomain_memory", "stubdomain_ramdisk", "sve", "tee", "timer_mode", "trap_unmapped_accesses", "tsc_mode",
    "type", "usb", "usbctrl", "usbdev", "usbdevice", "usbversion", "uuid", "vdispl", "vendor_device", "vfb", "vga",
    "videoram", "vif", "vif2", "viridian", "virtio", "vkb", "vkb_device", "vmtrace_buf_kb", "vnc", "vncdisplay",
    "vnclisten", "vncpasswd", "vncunused", "vncviewer", "vnuma", "vpmu", "vpt_align", "vsnd", "vtpm", "xauthority",
    "xen_platform_pci", "xend_suspend_evtchn_compat", "xenstore_feature_mask",
};
/* clang-format on */

static int compare(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

enum key_standing config_key_standing(const char *name, enum config_key *key)
{
    unsigned i;

    for (i = 0; i < KEY_COUNT; i++) {
        if (strcmp(name, supported[i]) == 0) {
            *key = (enum config_key)i;
            return STANDING_SUPPORTED;
        }
    }
    if (bsearch(name, xl_only, sizeof(xl_only) / sizeof(xl_only[0]), sizeof(xl_only[0]), compare) != NULL) {
        return STANDING_XL_ONLY;
    }
    return STANDING_UNKNOWN;
}

const char *config_key_name(enum config_key key)
{
    return supported[key];
}

static bool starts_name(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool continues_name(char c)
{
    return starts_name(c) || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Behind the string that begins at `text[i]`; a backslash takes the next character along. */
static size_t skip_string(const char *text, size_t size, size_t i)
{
    char quote = text[i++];

    while (i < size && text[i] != quote && text[i] != '\n') {
        i += text[i] == '\\' ? 2 : 1;
    }
    return i + 1;
}

void config_keys_scan(const char *text, size_t size, void (*found)(void *context, const char *name, unsigned line),
                      void *context)
{
    unsigned line = 1;
    size_t i = 0;

    /* Names occur nowhere but before "=": values are strings, numbers and lists of them. */
    while (i < size) {
        char c = text[i];

        if (c == '\n') {
            line++;
            i++;
        } else if (c == '#') {
            while (i < size && text[i] != '\n') {
                i++;
            }
        } else if (c == '\'' || c == '"') {
            i = skip_string(text, size, i);
        } else if (c >= '0' && c <= '9') {
            /* A number may end in letters: 0x1f. */
            while (i < size && continues_name(text[i])) {
                i++;
            }
        } else if (starts_name(c)) {
            size_t start = i;
            char *name;

            while (i < size && continues_name(text[i])) {
                i++;
            }
            name = diag_alloc(i - start + 1, 1);
            memcpy(name, text + start, i - start);
            found(context, name, line);
            free(name);
        } else {
            i++;
        }
    }
}

unsigned config_keys_entry_line(const char *text, size_t size, unsigned line, unsigned entry)
{
    unsigned at = 1, found = 0;
    size_t i = 0;

    for (; i < size && at < line; i++) {
        at += text[i] == '\n';
    }
    while (i < size && text[i] != '[' && text[i] != '\n') {
        i++;
    }
    /* What is neither a string nor a number counts for nothing, and the list ends with its bracket. */
    while (i < size && text[i] != ']') {
        bool is_number = text[i] >= '0' && text[i] <= '9';

        if (text[i] == '#') {
            while (i < size && text[i] != '\n') {
                i++;
            }
        } else if (text[i] == '"' || text[i] == '\'' || is_number) {
            if (found++ == entry) {
                break;
            }
            if (!is_number) {
                i = skip_string(text, size, i);
            }
            while (is_number && i < size && continues_name(text[i])) {
                i++;
            }
        } else {
            at += text[i++] == '\n';
        }
    }
    return at;
}
