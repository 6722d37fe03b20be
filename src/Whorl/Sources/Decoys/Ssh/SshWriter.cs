using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Whorl.Sources.Decoys.Ssh;

/// <summary>Writes the data types of SSH (RFC 4251 §5).</summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public SshWriter Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
        return this;
    }

    public SshWriter Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public SshWriter Number(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
        return this;
    }

    public SshWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    public SshWriter String(ReadOnlySpan<byte> bytes) => Number((uint)bytes.Length).Raw(bytes);

    public SshWriter String(string latin1) => String(Encoding.Latin1.GetBytes(latin1));

    /// <summary>A positive number of any size, given big endian.</summary>
    public SshWriter Multiple(ReadOnlySpan<byte> unsigned)
    {
        unsigned = unsigned.TrimStart((byte)0);
        bool signed = !unsigned.IsEmpty && unsigned[0] >= 0x80;
        Number((uint)(unsigned.Length + (signed ? 1 : 0)));
        return (signed ? Byte(0) : this).Raw(unsigned);
    }

    public SshWriter Multiple(BigInteger value) => Multiple(value.ToByteArray(isUnsigned: true, isBigEndian: true));
}

/// <summary>Reads them. Never throws: after the first short read <see cref="Ok"/> stays false.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Ok { get; private set; } = true;

    public byte Byte() => Take(1) is { Length: 1 } one ? one[0] : (byte)0;

    public bool Flag() => Byte() != 0;

    public uint Number() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32BigEndian(four) : 0;

    public ReadOnlySpan<byte> String() => Number() is <= int.MaxValue and uint length ? Take((int)length) : Take(-1);

    /// <summary>A string, one character per byte.</summary>
    public string Text() => Encoding.Latin1.GetString(String());

    public ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok || (uint)count > (uint)_rest.Length)
        {
            Ok = false;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
