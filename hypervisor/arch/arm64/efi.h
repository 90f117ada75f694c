/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of UEFI the start as an EFI program uses (UEFI Specification 2.10; sections are named below). Members that
 * nobody needs are `unused`, so that those behind them are in their places. On arm64, EFI's calling convention is C's
 * (2.3.6).
 */
#ifndef BH_ARM64_EFI_H
#define BH_ARM64_EFI_H

#include <stdint.h>

/* Appendix D: zero is success, errors have the highest bit set. */
typedef uint64_t efi_status_t;
#define EFI_ERROR(n)         ((efi_status_t)1 << 63 | (n))
#define EFI_SUCCESS          0
#define EFI_LOAD_ERROR       EFI_ERROR(1)
#define EFI_UNSUPPORTED      EFI_ERROR(3)
#define EFI_BUFFER_TOO_SMALL EFI_ERROR(5)

typedef uint16_t efi_char_t;
typedef struct efi_object *efi_handle_t;

struct efi_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* 9.1 */
#define EFI_LOADED_IMAGE_GUID { 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
/* 13.4 */
#define EFI_FILE_SYSTEM_GUID  { 0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } }
/* 4.6.1.3 */
#define EFI_DEVICE_TREE_GUID  { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } }

/* 7.2.3 */
struct efi_memory_descriptor {
    uint32_t type;
    uint32_t unused;
    uint64_t start; /* a multiple of 4 KiB */
    uint64_t virtual_start;
    uint64_t page_count; /* of 4 KiB */
    uint64_t attributes;
};
#define EFI_MEMORY_WRITE_BACK (1UL << 3)

/* 7.2.1 */
enum efi_memory_type {
    EFI_LOADER_CODE = 1,
    EFI_LOADER_DATA = 2,
    EFI_BOOT_SERVICES_CODE = 3,
    EFI_BOOT_SERVICES_DATA = 4,
    EFI_RUNTIME_SERVICES_CODE = 5,
    EFI_RUNTIME_SERVICES_DATA = 6,
    EFI_CONVENTIONAL_MEMORY = 7,
    EFI_ACPI_RECLAIM_MEMORY = 9,
    EFI_ACPI_MEMORY_NVS = 10,
};
enum efi_allocate_type { EFI_ALLOCATE_ANY_PAGES, EFI_ALLOCATE_MAX_ADDRESS, EFI_ALLOCATE_ADDRESS };

/* 4.4; the functions are in 7.2, 7.3.7 and 7.4.6. */
struct efi_boot_services {
    uint8_t header[24];
    void *unused_task_priority[2];
    efi_status_t (*allocate_pages)(uint32_t type, uint32_t memory_type, uint64_t page_count, uint64_t *address);
    efi_status_t (*free_pages)(uint64_t address, uint64_t page_count);
    efi_status_t (*get_memory_map)(uint64_t *size, void *map, uint64_t *key, uint64_t *descriptor_size,
                                   uint32_t *version);
    void *unused_pool[2];
    void *unused_events[6];
    void *unused_install[3];
    efi_status_t (*handle_protocol)(efi_handle_t handle, const struct efi_guid *protocol, void **interface);
    void *unused_protocols[5];
    void *unused_images[4];
    efi_status_t (*exit_boot_services)(efi_handle_t image, uint64_t map_key);
};

/* 12.4 */
struct efi_text_output {
    void *unused;
    efi_status_t (*output_string)(struct efi_text_output *self, const efi_char_t *text);
};

/* 4.6 */
struct efi_configuration_table {
    struct efi_guid guid;
    void *table;
};

/* 4.3 */
struct efi_system_table {
    uint8_t header[24];
    void *unused_vendor;
    uint64_t unused_revision;
    void *unused_input[2];
    efi_handle_t unused_output_handle;
    struct efi_text_output *output;
    void *unused_errors[2];
    void *unused_runtime_services;
    struct efi_boot_services *boot_services;
    uint64_t table_count;
    struct efi_configuration_table *tables;
};

/* 10.2 and 10.3.5.4: a part of the path to a device; one of a file has characters behind it. */
struct efi_device_path {
    uint8_t type, subtype;
    uint8_t length[2]; /* bytes, little endian, this head included */
};
#define EFI_PATH_MEDIA      4
#define EFI_PATH_MEDIA_FILE 4
#define EFI_PATH_END        0x7f

/* 9.1 */
struct efi_loaded_image {
    uint32_t revision;
    efi_handle_t parent;
    struct efi_system_table *system_table;
    efi_handle_t device; /* it was loaded from; NULL: it was loaded from memory */
    const struct efi_device_path *file_path;
};

/* 13.5 */
struct efi_file {
    uint64_t revision;
    efi_status_t (*open)(struct efi_file *self, struct efi_file **out, const efi_char_t *name, uint64_t mode,
                         uint64_t attributes);
    efi_status_t (*close)(struct efi_file *self);
    void *unused_delete;
    efi_status_t (*read)(struct efi_file *self, uint64_t *size, void *buffer);
    void *unused_write;
    efi_status_t (*get_position)(struct efi_file *self, uint64_t *position);
    efi_status_t (*set_position)(struct efi_file *self, uint64_t position);
};
#define EFI_FILE_MODE_READ 1
#define EFI_FILE_END       UINT64_MAX /* as a position */

/* 13.4 */
struct efi_file_system {
    uint64_t revision;
    efi_status_t (*open_volume)(struct efi_file_system *self, struct efi_file **root);
};

#endif
