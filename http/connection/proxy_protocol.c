#include <cairn/http/connection/proxy_protocol.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <cairn/service/str.h>

/* The polynomial of Castagnoli, reflected. */
#define PROXY_CRC_POLYNOMIAL 0x82f63b78u
#define PROXY_FIXED_BYTES 16
#define PROXY_V4_BYTES 12
#define PROXY_V6_BYTES 36
#define PROXY_UNIX_BYTES 216
#define PROXY_TLV_HEAD_BYTES 3
#define PROXY_TLV_CRC32C 3

static const char proxy_prefix[] = "PROXY ";
static const char proxy_signature[] = "\r\n\r\n\0\r\nQUIT\n";

static void proxy_crc(struct cairn__proxy_parser *self, unsigned char byte)
{
    uint32_t crc = ~self->crc ^ byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? PROXY_CRC_POLYNOMIAL : 0);
    self->crc = ~crc;
}

static enum cairn__proxy_result proxy_complete(struct cairn__proxy_parser *self)
{
    self->state = CAIRN__PROXY_END;
    return CAIRN__PROXY_COMPLETE;
}

/* Cuts the next word off *LINE; one space is between two. */
static struct cairn_str proxy_word(struct cairn_str *line)
{
    const char *space = line->length ? memchr(line->data, ' ', line->length) : NULL;
    size_t length = space ? (size_t)(space - line->data) : line->length;
    struct cairn_str word = cairn_str_of(line->data, length);
    *line = space ? cairn_str_of(space + 1, line->length - length - 1) : cairn_str_of(NULL, 0);
    return word;
}

static bool proxy_ip(struct cairn_str word, int family, union cairn__proxy_address *out)
{
    char text[INET6_ADDRSTRLEN];
    if (word.length == 0 || word.length >= sizeof(text) || memchr(word.data, '\0', word.length))
        return false;
    memcpy(text, word.data, word.length);
    text[word.length] = '\0';
    *out = (union cairn__proxy_address){0};
    out->any.sa_family = (sa_family_t)family;
    return inet_pton(family, text,
               family == AF_INET ? (void *)&out->v4.sin_addr : (void *)&out->v6.sin6_addr) == 1;
}

static bool proxy_port(struct cairn_str word, union cairn__proxy_address *out)
{
    unsigned long long port;
    if (word.length == 0 || word.length > 5 || (word.data[0] == '0' && word.length > 1) ||
        !cairn_str_to_u64(word, &port) || port > 65535)
        return false;
    if (out->any.sa_family == AF_INET)
        out->v4.sin_port = htons((in_port_t)port);
    else
        out->v6.sin6_port = htons((in_port_t)port);
    return true;
}

/* LINE is all of version 1 without its line end. */
static bool proxy_line(struct cairn__proxy_parser *self, struct cairn_str line)
{
    proxy_word(&line);
    struct cairn_str family = proxy_word(&line);
    if (cairn_str_equal(family, CAIRN_STR("UNKNOWN")))
        return true; /* whatever follows */
    bool is_v4 = cairn_str_equal(family, CAIRN_STR("TCP4"));
    if (!is_v4 && !cairn_str_equal(family, CAIRN_STR("TCP6")))
        return false;
    self->has_addresses = true;
    return proxy_ip(proxy_word(&line), is_v4 ? AF_INET : AF_INET6, &self->source) &&
           proxy_ip(proxy_word(&line), is_v4 ? AF_INET : AF_INET6, &self->destination) &&
           proxy_port(proxy_word(&line), &self->source) &&
           proxy_port(proxy_word(&line), &self->destination) && !line.data;
}

static enum cairn__proxy_result proxy_line_byte(struct cairn__proxy_parser *self)
{
    const char *text = (const char *)self->bytes;
    if (text[self->length - 1] != '\n')
        return self->length < CAIRN__PROXY_LINE_BYTES ? CAIRN__PROXY_MORE : CAIRN__PROXY_REFUSED;
    if (text[self->length - 2] != '\r' || !proxy_line(self, cairn_str_of(text, self->length - 2)))
        return CAIRN__PROXY_REFUSED;
    return proxy_complete(self);
}

static enum cairn__proxy_result proxy_start_byte(struct cairn__proxy_parser *self)
{
    if (memcmp(self->bytes, proxy_signature, self->length) == 0) {
        if (self->length == sizeof(proxy_signature) - 1)
            self->state = CAIRN__PROXY_FIXED;
        return CAIRN__PROXY_MORE;
    }
    if (self->length >= sizeof(proxy_prefix) ||
        memcmp(self->bytes, proxy_prefix, self->length) != 0)
        return CAIRN__PROXY_REFUSED;
    if (self->length == sizeof(proxy_prefix) - 1)
        self->state = CAIRN__PROXY_LINE;
    return CAIRN__PROXY_MORE;
}

/* How many bytes the addresses of FAMILY take; 0: they mean nothing to us. */
static size_t proxy_address_bytes(unsigned family)
{
    if (family == 0x11)
        return PROXY_V4_BYTES;
    if (family == 0x21)
        return PROXY_V6_BYTES;
    return family == 0x31 ? PROXY_UNIX_BYTES : 0;
}

/* The sixteen bytes are there. */
static enum cairn__proxy_result proxy_fixed(struct cairn__proxy_parser *self)
{
    unsigned command = self->bytes[12];
    unsigned family = self->bytes[13];
    self->left = (size_t)self->bytes[14] << 8 | self->bytes[15];
    if ((command != 0x20 && command != 0x21) || self->left > CAIRN__PROXY_BLOCK_BYTES)
        return CAIRN__PROXY_REFUSED;
    self->address_left = command == 0x21 ? proxy_address_bytes(family) : 0;
    self->state = self->address_left ? CAIRN__PROXY_ADDRESS : CAIRN__PROXY_DISCARD;
    if (command == 0x21 && ((family >> 4) > 3 || (family & 15) > 2))
        return CAIRN__PROXY_REFUSED;
    if (self->address_left > self->left)
        return CAIRN__PROXY_REFUSED;
    return self->left ? CAIRN__PROXY_MORE : proxy_complete(self);
}

/* One of the ends: the N-th address and port of BYTES, which has both addresses first. */
static void proxy_end(
    union cairn__proxy_address *out, const unsigned char *bytes, bool is_v4, int n)
{
    *out = (union cairn__proxy_address){0};
    if (is_v4) {
        out->v4.sin_family = AF_INET;
        memcpy(&out->v4.sin_addr, bytes + 4 * n, 4);
        memcpy(&out->v4.sin_port, bytes + 8 + 2 * n, 2);
    } else {
        out->v6.sin6_family = AF_INET6;
        memcpy(&out->v6.sin6_addr, bytes + 16 * n, 16);
        memcpy(&out->v6.sin6_port, bytes + 32 + 2 * n, 2);
    }
}

static void proxy_addresses(struct cairn__proxy_parser *self)
{
    unsigned family = self->bytes[13];
    self->state = CAIRN__PROXY_TLV;
    self->has_addresses = true;
    self->is_unix = family == 0x31;
    if (self->is_unix)
        return;
    proxy_end(&self->source, self->bytes + PROXY_FIXED_BYTES, family == 0x11, 0);
    proxy_end(&self->destination, self->bytes + PROXY_FIXED_BYTES, family == 0x11, 1);
}

/* Its type and length are there. */
static bool proxy_tlv_begins(struct cairn__proxy_parser *self)
{
    self->tlv_head = 0;
    if (self->tlv_left > self->left)
        return false;
    if (self->tlv_type != PROXY_TLV_CRC32C)
        return true;
    bool is_first = !self->has_checksum;
    self->has_checksum = true;
    return is_first && self->tlv_left == sizeof(self->checksum);
}

static void proxy_tlv_value(struct cairn__proxy_parser *self, unsigned char byte)
{
    bool is_checksum = self->tlv_type == PROXY_TLV_CRC32C;
    if (is_checksum)
        self->checksum = self->checksum << 8 | byte;
    proxy_crc(self, is_checksum ? 0 : byte);
    self->tlv_left--;
}

/* Returns false for a length that cannot be. */
static bool proxy_tlv_byte(struct cairn__proxy_parser *self, unsigned char byte)
{
    if (self->tlv_head == 0 && self->tlv_left > 0) {
        proxy_tlv_value(self, byte);
        return true;
    }
    proxy_crc(self, byte);
    if (self->tlv_head == 0)
        self->tlv_type = byte;
    else
        self->tlv_left = self->tlv_left << 8 | byte;
    return ++self->tlv_head < PROXY_TLV_HEAD_BYTES || proxy_tlv_begins(self);
}

static void proxy_keep(struct cairn__proxy_parser *self, unsigned char byte)
{
    self->bytes[self->length++] = byte;
    proxy_crc(self, byte);
}

/* Of paths not all is kept. */
static void proxy_address_byte(struct cairn__proxy_parser *self, unsigned char byte)
{
    if (self->length < PROXY_FIXED_BYTES + PROXY_V6_BYTES)
        proxy_keep(self, byte);
    else
        proxy_crc(self, byte);
    if (--self->address_left == 0)
        proxy_addresses(self);
}

static enum cairn__proxy_result proxy_block_byte(
    struct cairn__proxy_parser *self, unsigned char byte)
{
    self->left--;
    if (self->state == CAIRN__PROXY_ADDRESS)
        proxy_address_byte(self, byte);
    else if (self->state == CAIRN__PROXY_TLV && !proxy_tlv_byte(self, byte))
        return CAIRN__PROXY_REFUSED;
    if (self->left > 0)
        return CAIRN__PROXY_MORE;
    if (self->tlv_head > 0 || (self->has_checksum && self->checksum != self->crc))
        return CAIRN__PROXY_REFUSED;
    return proxy_complete(self);
}

static enum cairn__proxy_result proxy_byte(struct cairn__proxy_parser *self, unsigned char byte)
{
    if (self->state >= CAIRN__PROXY_ADDRESS)
        return proxy_block_byte(self, byte);
    proxy_keep(self, byte);
    if (self->state == CAIRN__PROXY_START)
        return proxy_start_byte(self);
    if (self->state == CAIRN__PROXY_LINE)
        return proxy_line_byte(self);
    return self->length < PROXY_FIXED_BYTES ? CAIRN__PROXY_MORE : proxy_fixed(self);
}

enum cairn__proxy_result cairn__proxy_feed(
    struct cairn__proxy_parser *self, const char *data, size_t length, size_t *used)
{
    enum cairn__proxy_result result = CAIRN__PROXY_MORE;
    *used = 0;
    while (*used < length && result == CAIRN__PROXY_MORE)
        result = proxy_byte(self, (unsigned char)data[(*used)++]);
    return result;
}
