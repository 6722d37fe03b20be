using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Whorl.Bus.RabbitMq;

/// <summary>
/// One message in a spool file. Numbers are little-endian.
/// <code>
/// | length of the rest: 4 | CRC-32C of the rest: 4 | topic length: 2 | content type length: 2 | topic | content type | body |
/// </code>
/// </summary>
internal static class SpoolRecord
{
    private const int HeaderLength = 8;
    private const int FieldsLength = 4;

    // Far above any message of ours; a length beyond it is damage, and must not become an allocation.
    private const int MaxLength = 64 * 1024 * 1024;

    /// <summary>The bytes of a record; null for a message that no record can hold.</summary>
    public static byte[]? Encode(BusMessage message)
    {
        int topic = Encoding.UTF8.GetByteCount(message.Topic);
        int type = Encoding.UTF8.GetByteCount(message.ContentType);
        long length = FieldsLength + topic + type + (long)message.Body.Length;
        if (topic > ushort.MaxValue || type > ushort.MaxValue || length > MaxLength)
        {
            return null;
        }

        byte[] record = new byte[HeaderLength + length];
        Span<byte> rest = record.AsSpan(HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)topic);
        BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], (ushort)type);
        Encoding.UTF8.GetBytes(message.Topic, rest[FieldsLength..]);
        Encoding.UTF8.GetBytes(message.ContentType, rest[(FieldsLength + topic)..]);
        message.Body.Span.CopyTo(rest[(FieldsLength + topic + type)..]);
        BinaryPrimitives.WriteInt32LittleEndian(record, (int)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Checksum(rest));
        return record;
    }

    /// <summary>Reads the record at the start of <paramref name="bytes"/>; false where it is torn or damaged.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out BusMessage? message, out int length)
    {
        (message, length) = (null, 0);
        if (bytes.Length < HeaderLength + FieldsLength)
        {
            return false;
        }

        int stated = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (stated < FieldsLength || stated > MaxLength || stated > bytes.Length - HeaderLength)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = bytes.Slice(HeaderLength, stated);
        int topic = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Checksum(rest) || FieldsLength + topic + type > stated)
        {
            return false;
        }

        message = new(
            Encoding.UTF8.GetString(rest.Slice(FieldsLength, topic)),
            rest[(FieldsLength + topic + type)..].ToArray(),
            Encoding.UTF8.GetString(rest.Slice(FieldsLength + topic, type)));
        length = HeaderLength + stated;
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
