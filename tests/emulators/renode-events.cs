// SPDX-License-Identifier: LGPL-2.1-or-later
// What Renode's controllers ask of a target, asked of examples/renode's client
// without Renode:  renode-events.exe SOCKET [whole-writes|read-at-least=N]...
using System;
using System.Collections.Generic;

using I2cpt;

public static class RenodeEvents
{
    public static int Main(string[] args)
    {
        using(client = new Client(args[0]))
        {
            Console.WriteLine("name {0}, stream {1}", client.Name, client.HasStream);
            options = new List<string>(args);
            Lm75(At(0x48));
            ByteByByte(At(0x48));
            Eeprom(At(0x50));
            Nobody(At(0x33));
        }
        return 0;
    }

    private static Target At(ushort address)
    {
        return new Target(client, address)
        {
            WholeWrites = options.Contains("whole-writes"),
            ReadAtLeast = options.Contains("read-at-least=2") ? 2 : 1
        };
    }

    // As Cadence_I2C or STM32F7_I2C: the length is known.
    private static void Lm75(Target target)
    {
        target.Write(new byte[] { 0 });
        Say("lm75", target.Read(2));
        target.Finish();
    }

    // As NRF52840_I2C: one byte at a time.
    private static void ByteByByte(Target target)
    {
        target.Write(new byte[] { 0 });
        var first = target.Read(1);
        Say("byte by byte", new[] { first[0], target.Read(1)[0] });
        target.Finish();
    }

    private static void Eeprom(Target target)
    {
        var polls = 0;
        target.Write(new byte[] { 0x10, 0x5a });
        target.Write(new byte[] { 0xa5 }); // goes on with the message
        target.Finish();
        while(polls < 100 && !Polled(target))
        {
            polls++;
        }
        target.Write(new byte[] { 0x10 });
        Say("eeprom", target.Read(2));
        target.Finish();
    }

    private static bool Polled(Target target)
    {
        try
        {
            target.Write(new byte[] { 0x10 });
            target.Finish();
            return true;
        }
        catch(FaultException)
        {
            target.Finish();
            return false;
        }
    }

    private static void Nobody(Target target)
    {
        try
        {
            target.Write(new byte[] { 0 });
            target.Finish();
            Console.WriteLine("somebody at 0x33");
        }
        catch(FaultException e)
        {
            Console.WriteLine("nobody: {0}", e.Code);
        }
        target.Finish();
    }

    private static void Say(string what, byte[] bytes)
    {
        Console.WriteLine("{0} {1}", what, BitConverter.ToString(bytes).ToLower().Replace('-', ' '));
    }

    private static Client client;
    private static List<string> options;
}
