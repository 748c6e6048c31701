// SPDX-License-Identifier: LGPL-2.1-or-later
// A target of Renode's I2C controllers that is a chip on any adapter of libi2cpt,
// served by `i2cpt-replay serve`. Not compiled in this tree: README.md.
using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;

using Antmicro.Migrant;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;

using I2cpt;

namespace Antmicro.Renode.Peripherals.I2C
{
    public class I2cptPeripheral : II2CPeripheral, IDisposable
    {
        public I2cptPeripheral(string socket, int address, bool wholeWrites = false, int readAtLeast = 1)
        {
            if(address < 0 || address > 0x7f)
            {
                throw new ConstructionException($"address: 0x{address:X} is none of 0x00 to 0x7f");
            }
            if(readAtLeast < 1)
            {
                throw new ConstructionException($"readAtLeast: {readAtLeast} is less than 1");
            }
            this.socket = socket;
            this.address = (ushort)address;
            this.wholeWrites = wholeWrites;
            this.readAtLeast = readAtLeast;
            try
            {
                Connect();
            }
            catch(Exception e) when(IsLost(e))
            {
                throw new ConstructionException($"socket: nobody serves a bus at {socket}: {e.Message}", e);
            }
        }

        public void Write(byte[] data)
        {
            Try(x => x.Write(data));
        }

        public byte[] Read(int count = 1)
        {
            var result = Enumerable.Repeat((byte)0xff, count).ToArray();
            Try(x => result = x.Read(count));
            return result;
        }

        public void FinishTransmission()
        {
            Try(x => x.Finish());
        }

        public void Reset()
        {
            FinishTransmission();
        }

        public void Dispose()
        {
            client?.Dispose();
            client = null;
            target = null;
        }

        private static bool IsLost(Exception e)
        {
            return e is IOException || e is SocketException || e is ObjectDisposedException;
        }

        private void Connect()
        {
            client = new Client(socket);
            target = new Target(client, address) { WholeWrites = wholeWrites, ReadAtLeast = readAtLeast };
        }

        // A NACK has no way to a controller of Renode's: it is logged, and reads are 0xff.
        private void Try(Action<Target> action)
        {
            try
            {
                if(target == null)
                {
                    Connect();
                }
                action(target);
            }
            catch(FaultException e)
            {
                this.Log(LogLevel.Warning, "0x{0:X2}: {1}", address, e.Message);
            }
            catch(Exception e) when(IsLost(e))
            {
                this.Log(LogLevel.Error, "{0}: {1}; the next access connects again", socket, e.Message);
                Dispose();
            }
        }

        // After a snapshot was loaded it connects again.
        [Transient]
        private Client client;
        [Transient]
        private Target target;

        private readonly string socket;
        private readonly ushort address;
        private readonly bool wholeWrites;
        private readonly int readAtLeast;
    }
}
