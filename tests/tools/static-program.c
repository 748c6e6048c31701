/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that no preloaded library reaches. */
int main(void)
{
    return 0;
}
