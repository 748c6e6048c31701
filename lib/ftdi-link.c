/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libftdi1 finds its way to the chip (driver, mode, latency, purging); the
 * bytes themselves go through libusb, since libftdi1's own reads re-arm
 * themselves without end and know no deadline.
 */
#include <errno.h>
#include <ftdi.h>
#include <glib.h>
#include <signal.h>
#include <sys/time.h>

#include "ftdi-link.h"
#include "mpsse-usb.h"

/* Of control requests: the chip answers them in a millisecond, or is gone. */
#define CONTROL_TIMEOUT_MS 250
/* libusb cuts what is longer into requests of this size anyhow. */
#define READ_MOST 16384u
/* For the host's controller to give cancelled requests back. */
#define CANCEL_NS 1000000000u

struct ftdi_link {
    struct ftdi_context *ftdi;
    bool gone;

    /* One exchange. */
    struct libusb_transfer *in, *out;
    bool in_busy, out_busy;
    int error; /* first one, negative errno */
    uint8_t *packets;
    size_t packets_size;
    uint8_t *reply;
    size_t want, got;
};

/* ------------------------------------------------------------ open, close */

/* Every context of libusb has a thread, which must take none of our signals. */
static struct ftdi_context *new_context(void)
{
    struct ftdi_context *ftdi;
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    ftdi = ftdi_new();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
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
    int error = ftdi_node_open(found->dev, &h);

    if (!error) {
        error = !answers(h) ? LIBUSB_ERROR_NO_DEVICE
                            : libusb_claim_interface(h, (int)interface);
        libusb_close(h);
    }
    return ftdi_open_fault(found, error ? error : LIBUSB_ERROR_IO, fault);
}

/* Through mode 0, which is the only way out for an engine that waits for a pin.
 * The pins are inputs when the engine begins. */
static int restart_engine(struct ftdi_context *ftdi)
{
    return ftdi_set_bitmode(ftdi, 0, BITMODE_RESET) ||
                   ftdi_set_bitmode(ftdi, 0, BITMODE_MPSSE) ||
                   ftdi_tcioflush(ftdi)
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
        return i2cpt_fault_text(
            fault, EPROTO, "%s: an endpoint with packets of %u bytes",
            ftdi_chip_name(found->chip), ftdi->max_packet_size);
    }
    if (ftdi_set_latency_timer(ftdi, c->latency_ms) ||
        ftdi_set_event_char(ftdi, 0, 0) || ftdi_set_error_char(ftdi, 0, 0) ||
        restart_engine(ftdi)) {
        return ftdi_open_fault(found,
                               answers(ftdi->usb_dev) ? LIBUSB_ERROR_IO
                                                      : LIBUSB_ERROR_NO_DEVICE,
                               fault);
    }
    return 0;
}

int ftdi_link_open(const struct ftdi_link_config *c, struct ftdi_link **out,
                   struct ftdi_found *found, struct i2cpt_fault *fault)
{
    struct ftdi_link *link = g_new0(struct ftdi_link, 1);
    int ret;

    link->ftdi = new_context();
    link->in = libusb_alloc_transfer(0);
    link->out = libusb_alloc_transfer(0);
    if (!link->ftdi || !link->in || !link->out) {
        ret = i2cpt_fault_text(fault, ENODEV,
                               "no USB on this machine, or no memory for it");
        goto fail;
    }
    ret = ftdi_find(link->ftdi->usb_ctx, &c->want, found, fault);
    if (ret) {
        goto fail;
    }
    ret = set_up(link, c, found, fault);
    ftdi_found_clear(found);
    if (ret) {
        goto fail;
    }
    *out = link;
    return 0;

fail:
    ftdi_link_close(link);
    return ret;
}

void ftdi_link_close(struct ftdi_link *link)
{
    if (link->in_busy || link->out_busy) {
        return; /* the kernel still has our memory: see cancel() */
    }
    /* they look at the handle that they were used with */
    libusb_free_transfer(link->in);
    libusb_free_transfer(link->out);
    if (link->ftdi) {
        ftdi_usb_close(link->ftdi);
        ftdi_free(link->ftdi);
    }
    g_free(link->packets);
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

static void read_more(struct ftdi_link *link)
{
    size_t most = MIN(link->packets_size, READ_MOST);
    int ret;

    link->in->length = (int)mpsse_usb_ask(link->want - link->got,
                                          link->ftdi->max_packet_size, most);
    ret = libusb_submit_transfer(link->in);
    link->in_busy = !ret;
    if (ret) {
        fail(link, errno_of(ret));
    }
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
    if (!mpsse_usb_strip(t->buffer, (size_t)t->actual_length,
                         link->ftdi->max_packet_size, link->reply + link->got,
                         link->want - link->got, &got)) {
        fail(link, -EIO);
        return;
    }
    link->got += got;
    if (link->got < link->want) {
        read_more(link);
    }
}

static void LIBUSB_CALL write_done(struct libusb_transfer *t)
{
    struct ftdi_link *link = t->user_data;

    link->out_busy = false;
    if (check_status(link, t) && t->actual_length != t->length) {
        fail(link, -EIO);
    }
}

static bool busy(const struct ftdi_link *link)
{
    return link->in_busy || link->out_busy;
}

static void wait_until(struct ftdi_link *link, uint64_t until_ns,
                       bool stop_at_error)
{
    struct timeval tv;
    uint64_t now_ns, left_us;

    while (busy(link) && !(stop_at_error && link->error)) {
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

/* Requests that the kernel does not give back keep their memory, and the link
 * is of no use any more. */
static void cancel(struct ftdi_link *link)
{
    if (link->in_busy) {
        libusb_cancel_transfer(link->in);
    }
    if (link->out_busy) {
        libusb_cancel_transfer(link->out);
    }
    wait_until(link, i2cpt_now_ns() + CANCEL_NS, false);
    if (busy(link)) {
        fail(link, -ENODEV);
    }
}

static int begin(struct ftdi_link *link, const uint8_t *out, size_t out_len)
{
    struct ftdi_context *ftdi = link->ftdi;
    size_t need = mpsse_usb_ask(link->want, ftdi->max_packet_size, READ_MOST);
    int ret;

    if (out_len > G_MAXINT) {
        return -ENOMEM;
    }
    if (need > link->packets_size) {
        g_free(link->packets);
        link->packets = g_try_malloc(need);
        link->packets_size = link->packets ? need : 0;
    }
    if (!link->packets) {
        return -ENOMEM;
    }
    /* libftdi1's names are the chip's: it sends at out_ep */
    libusb_fill_bulk_transfer(link->in, ftdi->usb_dev,
                              (unsigned char)ftdi->out_ep, link->packets, 0,
                              read_done, link, 0);
    libusb_fill_bulk_transfer(link->out, ftdi->usb_dev,
                              (unsigned char)ftdi->in_ep, (unsigned char *)out,
                              (int)out_len, write_done, link, 0);
    if (link->want) {
        read_more(link);
    }
    if (!link->error) {
        ret = libusb_submit_transfer(link->out);
        link->out_busy = !ret;
        if (ret) {
            fail(link, errno_of(ret));
        }
    }
    return 0;
}

static int exchange(void *priv, const uint8_t *out, size_t out_len, uint8_t *in,
                    size_t in_len, uint64_t deadline_ns)
{
    struct ftdi_link *link = priv;
    int ret;

    if (link->gone) {
        return -ENODEV;
    }
    link->error = 0;
    link->reply = in;
    link->want = in_len;
    link->got = 0;
    ret = begin(link, out, out_len);
    if (ret) {
        return ret;
    }
    wait_until(link, deadline_ns, true);
    if (busy(link)) {
        fail(link, -ETIMEDOUT);
        cancel(link);
    }
    if (link->error == -EIO && !answers(link->ftdi->usb_dev)) {
        link->error = -ENODEV;
    }
    link->gone = link->error == -ENODEV;
    return link->error;
}

static int purge(void *priv)
{
    struct ftdi_link *link = priv;

    if (link->gone) {
        return -ENODEV;
    }
    if (restart_engine(link->ftdi)) {
        link->gone = true;
        return -ENODEV;
    }
    return 0;
}

const struct mpsse_link ftdi_link_ops = {
    .exchange = exchange,
    .purge = purge,
};
