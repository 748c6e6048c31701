// SPDX-License-Identifier: LGPL-2.1-or-later
// A client of the remote protocol (docs/remote.md), version 1, and a target's
// transfers on it as an emulator's events make them. Knows nothing of Renode.
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace I2cpt
{
    /// A request that the bus, or the one who serves it, did not see through.
    public class FaultException : Exception
    {
        public FaultException(int code, string text) : base(text)
        {
            Code = code;
        }

        /// Linux's number, positive: 6 is ENXIO, a NACK of the address.
        public int Code { get; }
    }

    /// One connection. Not for several threads at once.
    public sealed class Client : IDisposable
    {
        public Client(string path)
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                socket.ReceiveTimeout = socket.SendTimeout = TimeoutMs;
                stream = new NetworkStream(socket, ownsSocket: true);
                Greet();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        public uint Functionality { get; private set; }

        /// Byte by byte; else whole transfers only.
        public bool HasStream { get; private set; }

        public string Name { get; private set; }

        public void Start(ushort address, bool read)
        {
            Request(Kind.Start, body =>
            {
                body.Write(address);
                body.Write((ushort)(read ? ReadFlag : 0));
            });
        }

        public void Write(byte value)
        {
            Request(Kind.Write, body => body.Write(value));
        }

        public byte Read()
        {
            return Request(Kind.Read, body => { }).ReadByte();
        }

        public void Stop()
        {
            Request(Kind.Stop, body => { });
        }

        /// START, the bytes of `written`, repeated START, `count` bytes, STOP; without
        /// the first half where `written` is null, without the second where `count` is 0.
        public byte[] Transfer(ushort address, byte[] written, int count)
        {
            var messages = (written != null ? 1 : 0) + (count > 0 ? 1 : 0);
            var reply = Request(Kind.Transfer, body =>
            {
                body.Write(0u); // marks
                body.Write((ushort)messages);
                if(written != null)
                {
                    Message(body, address, 0, written.Length);
                    body.Write(written);
                }
                if(count > 0)
                {
                    Message(body, address, ReadFlag, count);
                }
            });
            if(written != null)
            {
                reply.ReadUInt32();
            }
            return count > 0 ? Exactly(reply, (int)Math.Min(reply.ReadUInt32(), (uint)count)) : new byte[0];
        }

        public void Dispose()
        {
            stream.Dispose();
        }

        private static void Message(BinaryWriter body, ushort address, ushort flags, int length)
        {
            body.Write(address);
            body.Write(flags);
            body.Write((uint)length);
        }

        private static byte[] Exactly(BinaryReader reader, int count)
        {
            var bytes = reader.ReadBytes(count);
            if(bytes.Length != count)
            {
                throw new EndOfStreamException("the server's answer is cut short");
            }
            return bytes;
        }

        private void Greet()
        {
            Send(Kind.Hello, body =>
            {
                body.Write(Encoding.ASCII.GetBytes("i2cpt"));
                body.Write((ushort)1); // lowest version
                body.Write((ushort)1); // highest
            });
            var welcome = Receive(Kind.Welcome);
            var version = welcome.ReadUInt16();
            if(version != 1)
            {
                throw new InvalidDataException($"the server speaks version {version} of the protocol, this client 1");
            }
            Functionality = welcome.ReadUInt32();
            welcome.ReadUInt32(); // its frequency
            HasStream = welcome.ReadByte() != 0;
            welcome.ReadUInt32(); // its timeout
            Name = Encoding.UTF8.GetString(Exactly(welcome, welcome.ReadUInt16()));
        }

        private BinaryReader Request(Kind kind, Action<BinaryWriter> write)
        {
            Send(kind, body =>
            {
                body.Write((uint)DeadlineMs);
                write(body);
            });
            var reply = Receive(Kind.Reply);
            var result = reply.ReadInt32();
            var code = reply.ReadUInt32();
            reply.ReadByte();  // phase
            reply.ReadInt32(); // message
            reply.ReadInt32(); // byte
            var text = Encoding.UTF8.GetString(Exactly(reply, reply.ReadUInt16()));
            if(result < 0)
            {
                throw new FaultException((int)code, text.Length > 0 ? text : $"error {code}");
            }
            return reply;
        }

        private void Send(Kind kind, Action<BinaryWriter> write)
        {
            var frame = new MemoryStream();
            var writer = new BinaryWriter(frame); // little-endian, as the protocol
            writer.Write(0u);
            writer.Write((byte)kind);
            writer.Write(++id);
            write(writer);
            writer.Seek(0, SeekOrigin.Begin);
            writer.Write((uint)frame.Length - 4);
            stream.Write(frame.GetBuffer(), 0, (int)frame.Length);
        }

        private BinaryReader Receive(Kind kind)
        {
            var reader = new BinaryReader(stream);
            var length = reader.ReadUInt32();
            if(length < 5 || length > FrameMax)
            {
                throw new InvalidDataException($"a frame of {length} bytes, of 5 to {FrameMax}");
            }
            var body = new BinaryReader(new MemoryStream(Exactly(reader, (int)length)));
            var got = body.ReadByte();
            var of = body.ReadUInt32();
            if(got != (byte)kind || of != id)
            {
                throw new InvalidDataException($"a frame of type {got} to request {of}, type {(byte)kind} to {id} was due");
            }
            return body;
        }

        private uint id;
        private readonly Socket socket;
        private readonly NetworkStream stream;

        private const ushort ReadFlag = 1;
        private const int FrameMax = 16 << 20;
        private const int DeadlineMs = 2000;          // of a request, on the bus
        private const int TimeoutMs = DeadlineMs + 3000; // of this connection

        private enum Kind : byte
        {
            Hello = 1,
            Welcome = 2,
            Transfer = 3,
            Start = 5,
            Write = 6,
            Read = 7,
            Stop = 8,
            Reply = 11
        }
    }

    /// One address of a bus, driven as Renode's controllers do: bytes written, a
    /// number of bytes read, the end. They cannot be told of a NACK.
    public class Target
    {
        public Target(Client client, ushort address)
        {
            this.client = client;
            this.address = address;
        }

        /// Each Write is a transfer of its own; for controllers that never tell the end.
        public bool WholeWrites { get; set; }

        /// Of whole transfers: at least as many bytes are read at once.
        public int ReadAtLeast { get; set; } = 1;

        public void Write(byte[] data)
        {
            if(WholeWrites)
            {
                Finish();
                client.Transfer(address, data, 0);
            }
            else if(client.HasStream)
            {
                StreamTo(Way.Write);
                Array.ForEach(data, client.Write);
            }
            else
            {
                EndRead();
                written.AddRange(data);
                way = Way.Write;
            }
        }

        public byte[] Read(int count)
        {
            var result = new byte[count];
            if(client.HasStream && !WholeWrites)
            {
                StreamTo(Way.Read);
                for(var i = 0; i < count; i++)
                {
                    result[i] = client.Read();
                }
                return result;
            }
            if(taken + count > read.Length)
            {
                ReadAgain(taken + count);
            }
            Array.Copy(read, taken, result, 0, count);
            taken += count;
            return result;
        }

        public void Finish()
        {
            var was = way;
            way = Way.None;
            if(was == Way.None)
            {
                return;
            }
            if(client.HasStream && !WholeWrites)
            {
                client.Stop();
                return;
            }
            var pending = written.ToArray();
            EndRead();
            written.Clear();
            if(was == Way.Write)
            {
                client.Transfer(address, pending, 0);
            }
        }

        private void StreamTo(Way next)
        {
            if(way == next)
            {
                return;
            }
            way = next;
            client.Start(address, next == Way.Read);
        }

        /// The pair again, and longer: a controller that fetches byte by byte does not
        /// say how many. What was taken already is dropped.
        private void ReadAgain(int count)
        {
            var pointer = written.Count > 0 ? written.ToArray() : null;
            var got = client.Transfer(address, pointer, Math.Max(count, ReadAtLeast));
            if(got.Length < count)
            {
                throw new FaultException(0, $"{got.Length} bytes came, {count} were asked for");
            }
            read = got;
            way = Way.Read;
        }

        private void EndRead()
        {
            if(way == Way.Read)
            {
                written.Clear();
            }
            read = new byte[0];
            taken = 0;
        }

        private Way way;
        private byte[] read = new byte[0];
        private int taken;
        private readonly List<byte> written = new List<byte>();
        private readonly Client client;
        private readonly ushort address;

        private enum Way
        {
            None,
            Write,
            Read
        }
    }
}
