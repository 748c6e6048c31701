/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A library that is no module of ours. */
extern const int fake_empty;
const int fake_empty = 1;
