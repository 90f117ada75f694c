/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_dsdt.h"

#include "lib/string.h"

/* ACPI 6.4, 20.2.5 and 20.2.3: the first bytes of objects and of data. */
#define AML_NAME     0x08
#define AML_BYTE     0x0a
#define AML_DWORD    0x0c
#define AML_STRING   0x0d
#define AML_QWORD    0x0e
#define AML_SCOPE    0x10
#define AML_BUFFER   0x11
#define AML_PACKAGE  0x12
#define AML_EXTENDED 0x5b
#define AML_DEVICE   0x82 /* behind AML_EXTENDED */

/* 20.2.4: a length of three bytes, itself included: 4 bits, and twice 8. */
#define LENGTH_SIZE  3
#define LENGTH_THREE 0x80

/* 6.4.3.5.1, QWord Address Space Descriptor: of memory, for this device alone, both ends fixed. */
#define CRS_QWORD        0x8a
#define CRS_QWORD_LENGTH 0x2b
#define CRS_FLAGS        0x0d
#define CRS_CACHEABLE    0x02
#define CRS_WRITABLE     0x01
#define CRS_SIZE         (3 + CRS_QWORD_LENGTH + 2)
/* 6.4.2.5, I/O Port Descriptor; 6.4.3.6, Extended Interrupt Descriptor. */
#define CRS_PORTS          0x47
#define CRS_PORTS_16_BITS  0x01
#define CRS_PORTS_SIZE     8
#define CRS_INTERRUPT      0x89
#define CRS_CONSUMER       0x01
#define CRS_EDGE           0x02
#define CRS_LOW            0x04
#define CRS_INTERRUPT_SIZE 9
#define CRS_END_SIZE       2
#define CRS_END          0x79 /* 6.4.2.9, End Tag, without a sum */

/* _DSD: "Device Properties UUID", daffd814-6eba-4d8c-8a91-bc9bbf4aa301, as ACPI 6.4, 19.6.142 puts one in a buffer. */
static const uint8_t properties_uuid[16] = {
    0x14, 0xd8, 0xff, 0xda, 0xba, 0x6e, 0x8c, 0x4d, 0x8a, 0x91, 0xbc, 0x9b, 0xbf, 0x4a, 0xa3, 0x01,
};

struct aml {
    uint8_t *to;    /* NULL: bytes are only counted */
    uint32_t size;
};

static void byte(struct aml *a, unsigned value)
{
    if (a->to != NULL) {
        a->to[a->size] = (uint8_t)value;
    }
    a->size++;
}

static void bytes(struct aml *a, const void *from, size_t size)
{
    if (a->to != NULL) {
        memcpy(a->to + a->size, from, size);
    }
    a->size += (uint32_t)size;
}

static void word(struct aml *a, unsigned value)
{
    byte(a, value & 0xff);
    byte(a, value >> 8 & 0xff);
}

static void double_word(struct aml *a, uint32_t value)
{
    word(a, value & 0xffff);
    word(a, value >> 16);
}

static void quad(struct aml *a, uint64_t value)
{
    bytes(a, &value, sizeof(value));
}

static void string(struct aml *a, const char *text)
{
    byte(a, AML_STRING);
    bytes(a, text, strlen(text) + 1);
}

/* An object whose length is known when it ends. */
static uint32_t begin(struct aml *a, unsigned opcode)
{
    uint32_t start;

    byte(a, opcode);
    start = a->size;
    a->size += LENGTH_SIZE;
    return start;
}

static void end(struct aml *a, uint32_t start)
{
    uint32_t length = a->size - start;

    if (a->to != NULL) {
        a->to[start] = (uint8_t)(LENGTH_THREE | (length & 0xf));
        a->to[start + 1] = (uint8_t)(length >> 4);
        a->to[start + 2] = (uint8_t)(length >> 12);
    }
}

static uint32_t begin_package(struct aml *a, unsigned count)
{
    uint32_t start = begin(a, AML_PACKAGE);

    byte(a, count);
    return start;
}

static void name(struct aml *a, const char *four)
{
    byte(a, AML_NAME);
    bytes(a, four, 4);
}

static void text_property(struct aml *a, const char *key, const char *value)
{
    uint32_t start = begin_package(a, 2);

    string(a, key);
    string(a, value);
    end(a, start);
}

static void number_property(struct aml *a, const char *key, uint64_t value)
{
    uint32_t start = begin_package(a, 2);

    string(a, key);
    byte(a, AML_QWORD);
    quad(a, value);
    end(a, start);
}

/* The device's address: Name (_CRS, Buffer () {...}). */
static void resources(struct aml *a, const struct shared_share *s)
{
    uint32_t start;

    name(a, "_CRS");
    start = begin(a, AML_BUFFER);
    byte(a, AML_BYTE);
    byte(a, CRS_SIZE);
    byte(a, CRS_QWORD);
    byte(a, CRS_QWORD_LENGTH);
    byte(a, 0);
    byte(a, 0); /* memory */
    byte(a, CRS_FLAGS);
    byte(a, CRS_CACHEABLE | (s->is_read_only ? 0 : CRS_WRITABLE));
    quad(a, 0); /* granularity */
    quad(a, s->gpa);
    quad(a, s->gpa + s->size - 1);
    quad(a, 0); /* translation */
    quad(a, s->size);
    byte(a, CRS_END);
    byte(a, 0);
    end(a, start);
}

/* Linux, Documentation/devicetree/bindings/reserved-memory/xen,shared-memory.txt */
static void properties(struct aml *a, const struct shared_share *s)
{
    uint32_t outer, inner, uuid;

    name(a, "_DSD");
    outer = begin_package(a, 2);
    uuid = begin(a, AML_BUFFER);
    byte(a, AML_BYTE);
    byte(a, sizeof(properties_uuid));
    bytes(a, properties_uuid, sizeof(properties_uuid));
    end(a, uuid);
    inner = begin_package(a, s->is_owner ? 2 : 3);
    text_property(a, "compatible", "xen,shared-memory-v1");
    text_property(a, "xen,id", shared_memory_id(s));
    if (!s->is_owner) {
        number_property(a, "xen,offset", s->offset);
    }
    end(a, inner);
    end(a, outer);
}

static void device(struct aml *a, const struct shared_share *s, unsigned number)
{
    static const char digits[] = "0123456789ABCDEF";
    const char path[4] = { 'S', 'H', 'M', digits[number] };
    uint32_t start;

    byte(a, AML_EXTENDED);
    start = begin(a, AML_DEVICE);
    bytes(a, path, sizeof(path));
    name(a, "_HID");
    string(a, "PRP0001");
    name(a, "_UID");
    byte(a, AML_BYTE);
    byte(a, number);
    resources(a, s);
    properties(a, s);
    end(a, start);
}

/* 6.1.5: an EISA id in its compressed form; a serial port that is compatible with a 16550. */
#define ID_PNP0501 0x0105d041

/* Req: BH-PORT-004 */
static void serial_port(struct aml *a, const struct guest_acpi *g, unsigned number)
{
    const struct guest_serial *s = &g->serial[number];
    const struct acpi_isa *isa = &g->isa[s->irq];
    const char path[4] = { 'C', 'O', 'M', (char)('1' + number) };
    uint32_t start, buffer;

    byte(a, AML_EXTENDED);
    start = begin(a, AML_DEVICE);
    bytes(a, path, sizeof(path));
    name(a, "_HID");
    byte(a, AML_DWORD);
    double_word(a, ID_PNP0501);
    name(a, "_UID");
    byte(a, AML_BYTE);
    byte(a, number + 1);
    name(a, "_CRS");
    buffer = begin(a, AML_BUFFER);
    byte(a, AML_BYTE);
    byte(a, CRS_PORTS_SIZE + CRS_INTERRUPT_SIZE + CRS_END_SIZE);
    byte(a, CRS_PORTS);
    byte(a, CRS_PORTS_16_BITS);
    word(a, s->port);
    word(a, s->port);
    byte(a, 1);
    byte(a, GUEST_SERIAL_PORTS);
    byte(a, CRS_INTERRUPT);
    word(a, CRS_INTERRUPT_SIZE - 3);
    byte(a, CRS_CONSUMER | (isa->is_level ? 0 : CRS_EDGE) | (isa->is_low ? CRS_LOW : 0));
    byte(a, 1);
    double_word(a, s->irq);
    byte(a, CRS_END);
    byte(a, 0);
    end(a, buffer);
    end(a, start);
}

/* Req: BH-SHM-005 */
/* A namespace without anything would be legal, too, but nobody has one. */
uint32_t guest_dsdt_write(const struct guest_acpi *g, uint8_t *to)
{
    struct aml a = { .to = to };
    uint32_t start = begin(&a, AML_SCOPE);

    _Static_assert(SHARED_PER_PARTITION <= 16, "a digit for each");
    bytes(&a, "\\_SB_", 5);
    for (unsigned i = 0; CONFIG_SHARED_MEMORY && i < g->share_count; i++) {
        device(&a, &g->shares[i], i);
    }
    for (unsigned i = 0; CONFIG_IOPORTS && i < GUEST_SERIAL_COUNT; i++) {
        if (g->serial[i].port != 0) {
            serial_port(&a, g, i);
        }
    }
    end(&a, start);
    return a.size;
}
