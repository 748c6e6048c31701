/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libftdi1 finds its way to the chip (driver, mode, latency, purging); the
 * bytes themselves go through libusb, since libftdi1's own reads re-arm
 * themselves without end and know no deadline.
 */
#include <errno.h>
#include <ftdi.h>
#include <glib.h>
#include <sys/time.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/threads.h"
#include "ftdi/link.h"
#include "ftdi/mpsse-usb.h"

/* Of control requests: the chip answers them in a millisecond, or is gone. */
#define CONTROL_TIMEOUT_MS 1000
/* libusb cuts what is longer into requests of this size anyhow. */
#define READ_MOST 16384u
/* For the host's controller to give cancelled requests back. */
#define CANCEL_NS 1000000000u

/* An exchange under way: its OUT, and what of the stream that comes in is its
 * reply. */
struct flight {
    struct ftdi_link *link;
    struct libusb_transfer *out;
    bool busy;
    uint8_t *reply;
    size_t want, got;
};

/* Any number of OUTs, one behind the other, and one IN at a time, which is
 * submitted anew for as long as something is to come. */
struct ftdi_link {
    struct ftdi_context *ftdi;
    bool gone;
    int error; /* first one, negative errno */
    struct libusb_transfer *in;
    bool in_busy;
    uint8_t packets[READ_MOST];
    struct flight flights[MPSSE_DEPTH]; /* a ring */
    unsigned first, n;
};

/* ------------------------------------------------------------ open, close */

/* Every context of libusb has a thread, which must take none of our signals. */
static struct ftdi_context *new_context(void)
{
    struct ftdi_context *ftdi;
    sigset_t before;

    i2cpt_signals_block(&before);
    ftdi = ftdi_new();
    i2cpt_signals_restore(&before);
    return ftdi;
}

/* Before the kernel has noticed that a chip was pulled out, requests fail in
 * other ways; one that is there answers this. */
static bool answers(libusb_device_handle *h)
{
    enum { GET_LATENCY_TIMER = 0x0a };
    unsigned char latency_ms;

    return libusb_control_transfer(h,
                                   LIBUSB_ENDPOINT_IN |
                                       LIBUSB_REQUEST_TYPE_VENDOR |
                                       LIBUSB_RECIPIENT_DEVICE,
                                   GET_LATENCY_TIMER, 0, 1, &latency_ms, 1,
                                   CONTROL_TIMEOUT_MS) == 1;
}

/* libftdi1 keeps libusb's reason to itself: ask again. */
static int open_failed(const struct ftdi_found *found, unsigned interface,
                       struct i2cpt_fault *fault)
{
    libusb_device_handle *h;
    int error = mpsse_node_open(found->dev, &h);

    if (!error) {
        error = !answers(h) ? LIBUSB_ERROR_NO_DEVICE
                            : libusb_claim_interface(h, (int)interface);
        libusb_close(h);
    }
    return mpsse_open_fault(found, error ? error : LIBUSB_ERROR_IO, fault);
}

/* Through mode 0, which is a way out for any engine. The pins are inputs when
 * the engine begins. What is in the chip's FIFOs must neither leave as a serial
 * port's characters nor stay for the engine. */
static int restart_engine(struct ftdi_context *ftdi)
{
    return ftdi_tcioflush(ftdi) || ftdi_set_bitmode(ftdi, 0, BITMODE_RESET) ||
                   ftdi_tcioflush(ftdi) ||
                   ftdi_set_bitmode(ftdi, 0, BITMODE_MPSSE)
               ? -EIO
               : 0;
}

static int set_up(struct ftdi_link *link, const struct ftdi_link_config *c,
                  struct ftdi_found *found, struct i2cpt_fault *fault)
{
    struct ftdi_context *ftdi = link->ftdi;
    int ret;

    /* INTERFACE_ANY is 0, A is 1 */
    ftdi_set_interface(ftdi, (enum ftdi_interface)(c->want.interface + 1));
    ftdi->module_detach_mode = AUTO_DETACH_REATACH_SIO_MODULE;
    ftdi->usb_read_timeout = ftdi->usb_write_timeout = CONTROL_TIMEOUT_MS;
    ret = ftdi_usb_open_dev(ftdi, found->dev);
    if (ret < 0) {
        return open_failed(found, c->want.interface, fault);
    }
    if (ftdi->max_packet_size <= MPSSE_USB_STATUS ||
        ftdi->max_packet_size > READ_MOST) {
        return i2cpt_fault_text(fault, EPROTO,
                                "%s: an endpoint with packets of %u bytes",
                                found->name, ftdi->max_packet_size);
    }
    if (ftdi_set_latency_timer(ftdi, c->latency_ms) ||
        ftdi_set_event_char(ftdi, 0, 0) || ftdi_set_error_char(ftdi, 0, 0) ||
        restart_engine(ftdi)) {
        return mpsse_open_fault(found,
                                answers(ftdi->usb_dev) ? LIBUSB_ERROR_IO
                                                       : LIBUSB_ERROR_NO_DEVICE,
                                fault);
    }
    return 0;
}

static bool alloc_transfers(struct ftdi_link *link)
{
    bool all;
    unsigned i;

    link->in = libusb_alloc_transfer(0);
    all = link->in;
    for (i = 0; i < MPSSE_DEPTH; i++) {
        link->flights[i].link = link;
        link->flights[i].out = libusb_alloc_transfer(0);
        all = all && link->flights[i].out;
    }
    return all;
}

int mpsse_link_open(const struct ftdi_link_config *c, struct ftdi_link **out,
                    struct ftdi_found *found, struct i2cpt_fault *fault)
{
    struct ftdi_link *link = g_new0(struct ftdi_link, 1);
    int ret;

    link->ftdi = new_context();
    if (!link->ftdi || !alloc_transfers(link)) {
        ret = i2cpt_fault_text(fault, ENODEV,
                               "no USB on this machine, or no memory for it");
        goto fail;
    }
    ret = mpsse_find(link->ftdi->usb_ctx, &c->want, found, fault);
    if (ret) {
        goto fail;
    }
    ret = set_up(link, c, found, fault);
    mpsse_found_clear(found);
    if (ret) {
        goto fail;
    }
    *out = link;
    return 0;

fail:
    mpsse_link_close(link);
    return ret;
}

static bool busy(const struct ftdi_link *link)
{
    bool any = link->in_busy;
    unsigned i;

    for (i = 0; i < MPSSE_DEPTH; i++) {
        any = any || link->flights[i].busy;
    }
    return any;
}

void mpsse_link_close(struct ftdi_link *link)
{
    unsigned i;

    if (busy(link)) {
        return; /* the kernel still has our memory: see cancel() */
    }
    /* they look at the handle that they were used with */
    libusb_free_transfer(link->in);
    for (i = 0; i < MPSSE_DEPTH; i++) {
        libusb_free_transfer(link->flights[i].out);
    }
    if (link->ftdi) {
        /* else the serial driver's characters would be its commands */
        if (link->ftdi->usb_dev && !link->gone) {
            ftdi_tcioflush(link->ftdi);
            ftdi_set_bitmode(link->ftdi, 0, BITMODE_RESET);
        }
        ftdi_usb_close(link->ftdi);
        ftdi_free(link->ftdi);
    }
    g_free(link);
}

/* --------------------------------------------------------------- exchanges */

static int errno_of(int error)
{
    switch (error) {
    case LIBUSB_ERROR_NO_DEVICE:
        return -ENODEV;
    case LIBUSB_ERROR_NO_MEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

static void fail(struct ftdi_link *link, int error)
{
    if (!link->error || error == -ENODEV) {
        link->error = error;
    }
}

static bool check_status(struct ftdi_link *link,
                         const struct libusb_transfer *t)
{
    if (t->status == LIBUSB_TRANSFER_NO_DEVICE) {
        fail(link, -ENODEV);
    } else if (t->status != LIBUSB_TRANSFER_COMPLETED &&
               t->status != LIBUSB_TRANSFER_CANCELLED) {
        fail(link, -EIO);
    }
    return t->status == LIBUSB_TRANSFER_COMPLETED && !link->error;
}

static struct flight *flight(struct ftdi_link *link, unsigned i)
{
    return &link->flights[(link->first + i) % MPSSE_DEPTH];
}

/* Of all replies, what is still to come. */
static size_t missing(struct ftdi_link *link)
{
    size_t bytes = 0;
    unsigned i;

    for (i = 0; i < link->n; i++) {
        bytes += flight(link, i)->want - flight(link, i)->got;
    }
    return bytes;
}

static void read_more(struct ftdi_link *link)
{
    size_t bytes = missing(link);
    int ret;

    if (link->in_busy || !bytes) {
        return;
    }
    link->in->length =
        (int)mpsse_usb_ask(bytes, link->ftdi->max_packet_size, READ_MOST);
    ret = libusb_submit_transfer(link->in);
    link->in_busy = !ret;
    if (ret) {
        fail(link, errno_of(ret));
    }
}

/* What came in, to whom it is due; false where there is more than that. */
static bool give(struct ftdi_link *link, const uint8_t *bytes, size_t len)
{
    struct flight *fl;
    unsigned i;
    size_t n;

    for (i = 0; i < link->n && len; i++) {
        fl = flight(link, i);
        n = MIN(len, fl->want - fl->got);
        if (n) {
            memcpy(fl->reply + fl->got, bytes, n);
        }
        fl->got += n;
        bytes += n;
        len -= n;
    }
    return !len;
}

/* A packet may be short, or only status: the latency timer sends those. */
static void LIBUSB_CALL read_done(struct libusb_transfer *t)
{
    struct ftdi_link *link = t->user_data;
    size_t got;

    link->in_busy = false;
    if (!check_status(link, t)) {
        return;
    }
    /* in place: what is stripped only moves to the front */
    if (!mpsse_usb_strip(t->buffer, (size_t)t->actual_length,
                         link->ftdi->max_packet_size, t->buffer, READ_MOST,
                         &got) ||
        !give(link, t->buffer, got)) {
        fail(link, -EIO);
        return;
    }
    read_more(link);
}

static void LIBUSB_CALL write_done(struct libusb_transfer *t)
{
    struct flight *fl = t->user_data;

    fl->busy = false;
    if (check_status(fl->link, t) && t->actual_length != t->length) {
        fail(fl->link, -EIO);
    }
}

/* Until all is given back, or the oldest exchange is through. */
static void wait_until(struct ftdi_link *link, uint64_t until_ns,
                       bool (*through)(struct ftdi_link *link))
{
    struct timeval tv;
    uint64_t now_ns, left_us;

    while (!through(link)) {
        now_ns = i2cpt_now_ns();
        if (now_ns >= until_ns) {
            return;
        }
        left_us = (until_ns - now_ns + 999) / 1000;
        tv.tv_sec = (time_t)(left_us / 1000000);
        tv.tv_usec = (suseconds_t)(left_us % 1000000);
        libusb_handle_events_timeout_completed(link->ftdi->usb_ctx, &tv, NULL);
    }
}

static bool idle(struct ftdi_link *link)
{
    return !busy(link);
}

static bool oldest_came(struct ftdi_link *link)
{
    const struct flight *fl = flight(link, 0);

    return fl->got == fl->want && !fl->busy;
}

static bool oldest_through(struct ftdi_link *link)
{
    return link->error || oldest_came(link);
}

/* Requests that the kernel does not give back keep their memory, and the link
 * is of no use any more. */
static void cancel(struct ftdi_link *link)
{
    unsigned i;

    link->n = 0; /* nothing is submitted anew */
    if (link->in_busy) {
        libusb_cancel_transfer(link->in);
    }
    for (i = 0; i < MPSSE_DEPTH; i++) {
        if (link->flights[i].busy) {
            libusb_cancel_transfer(link->flights[i].out);
        }
    }
    wait_until(link, i2cpt_now_ns() + CANCEL_NS, idle);
    if (busy(link)) {
        fail(link, -ENODEV);
    }
}

static int send(void *priv, const uint8_t *out, size_t out_len, uint8_t *in,
                size_t in_len)
{
    struct ftdi_link *link = priv;
    struct ftdi_context *ftdi = link->ftdi;
    struct flight *fl = flight(link, link->n);
    int ret;

    if (link->gone) {
        return -ENODEV;
    }
    if (out_len > G_MAXINT || link->n == MPSSE_DEPTH) {
        return -ENOMEM;
    }
    link->error = link->n ? link->error : 0;
    link->n++;
    fl->reply = in;
    fl->want = in_len;
    fl->got = 0;
    /* libftdi1's names are the chip's: it sends at out_ep */
    if (!link->in_busy) {
        libusb_fill_bulk_transfer(link->in, ftdi->usb_dev,
                                  (unsigned char)ftdi->out_ep, link->packets, 0,
                                  read_done, link, 0);
    }
    libusb_fill_bulk_transfer(fl->out, ftdi->usb_dev,
                              (unsigned char)ftdi->in_ep, (unsigned char *)out,
                              (int)out_len, write_done, fl, 0);
    read_more(link);
    if (!link->error) {
        ret = libusb_submit_transfer(fl->out);
        fl->busy = !ret;
        if (ret) {
            fail(link, errno_of(ret));
        }
    }
    return 0; /* receive() tells what went wrong */
}

/* An error of one behind is told to that one. */
static int receive(void *priv, uint64_t deadline_ns)
{
    struct ftdi_link *link = priv;

    wait_until(link, deadline_ns, oldest_through);
    if (oldest_came(link) && (!link->error || link->n > 1)) {
        link->first = (link->first + 1) % MPSSE_DEPTH;
        link->n--;
        return 0;
    }
    if (!link->error) {
        fail(link, -ETIMEDOUT);
    }
    cancel(link);
    if (link->error == -EIO && !answers(link->ftdi->usb_dev)) {
        link->error = -ENODEV;
    }
    link->gone = link->error == -ENODEV;
    return link->error;
}

static int exchange(void *priv, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns)
{
    int ret = send(priv, out, out_len, in, in_len);

    return ret ? ret : receive(priv, deadline_ns);
}

static int drop(struct ftdi_link *link, int (*and)(struct ftdi_context *))
{
    if (link->gone) {
        return -ENODEV;
    }
    if (link->n) {
        cancel(link);
    }
    if (link->gone || and(link->ftdi)) {
        link->gone = true;
        return -ENODEV;
    }
    return 0;
}

static int purge(void *priv)
{
    return drop(priv, restart_engine);
}

static int flush(void *priv)
{
    return drop(priv, ftdi_tcioflush);
}

const struct mpsse_link mpsse_link_ops = {
    .exchange = exchange,
    .send = send,
    .receive = receive,
    .purge = purge,
    .flush = flush,
};
