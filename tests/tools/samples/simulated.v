// SPDX-License-Identifier: LGPL-2.1-or-later
// A sensor on an I2C bus that pulls its INT# down when a sample is there, and a
// driver that reads it; samples/simulated.vcd is the dump of this.
`timescale 1ns/100ps
module sensor(input scl, inout sda, output reg int_n, output reg [3:0] status);
    initial begin
        #400 int_n = 1; status = 0; // out of reset: x until then
    end
endmodule
module bench;
    reg scl_low = 0, sda_low = 0, ack_low = 0;
    wire scl, sda, int_n;
    wire [3:0] status;
    pullup(scl);
    pullup(sda);
    assign scl = scl_low ? 1'b0 : 1'bz;
    assign sda = sda_low || ack_low ? 1'b0 : 1'bz;
    sensor u0(scl, sda, int_n, status);
    sensor u1(scl, sda, , );
    task start; begin
        sda_low = 0; #500 scl_low = 0; #1000 sda_low = 1; #1000 scl_low = 1; #500;
    end endtask
    task stop; begin
        sda_low = 1; #500 scl_low = 0; #1000 sda_low = 0; #2000;
    end endtask
    task bit_out(input b, input target); begin
        if (target) ack_low = !b; else sda_low = !b;
        #500 scl_low = 0; #1000 scl_low = 1; #500 sda_low = 0; ack_low = 0;
    end endtask
    task byte_out(input [7:0] value, input target, input ack);
        integer i;
        begin
            for (i = 7; i >= 0; i = i - 1) bit_out(value[i], target);
            bit_out(!ack, !target);
        end
    endtask
    initial begin
        $dumpfile("simulated.vcd");
        $dumpvars(0, bench);
        #5000 u0.status[2] = 1; u0.int_n = 0;
        #20000 start; byte_out(8'h90, 0, 1); byte_out(8'h00, 0, 1);
        start; byte_out(8'h91, 0, 1); byte_out(8'h1a, 1, 1);
        u0.int_n = 1; u0.status[2] = 0; // within the transfer: its data are read
        byte_out(8'hc0, 1, 0); stop;
        #30000 u1.int_n = 0; #1 u1.int_n = 1; // a glitch of 1 ns
        #30000 u0.int_n = 0;
        #10000 $finish;
    end
endmodule
