using System.Buffers.Binary;
using System.Text;

namespace Whorl.Sources.Decoys.Databases;

/// <summary>LOGIN7 of TDS ([MS-TDS] §2.2.6.4): who signs in, from where, with what. Texts are read one character per two bytes.</summary>
/// <param name="IsLong">Whether it is of TDS 7.2 or later, whose answers have wider numbers.</param>
internal sealed record TdsLogin(string Client, string User, string Password, string Application, string Database, bool IsLong)
{
    /// <summary>What follows the options of a PRELOGIN message.</summary>
    public const byte EndOfOptions = 0xFF;

    private const int OptionLength = 5;

    // Offset and length of the host name; the others follow at four bytes each.
    private const int Fields = 36;

    // sysname: 128 characters.
    private const int MaxCharacters = 128;

    public static TdsLogin? Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < Fields + (9 * 4))
        {
            return null;
        }

        return new(Text(message, 0), Text(message, 1), Text(message, 2, hidden: true), Text(message, 3), Text(message, 8), message[7] is >= 0x72 and < 0x80);
    }

    /// <summary>Whether a PRELOGIN message ([MS-TDS] §2.2.6.5) has an option.</summary>
    public static bool PreloginNames(ReadOnlySpan<byte> message, byte option)
    {
        for (int at = 0; at < message.Length && message[at] != EndOfOptions; at += OptionLength)
        {
            if (message[at] == option)
            {
                return true;
            }
        }

        return false;
    }

    private static string Text(ReadOnlySpan<byte> message, int field, bool hidden = false)
    {
        int offset = BinaryPrimitives.ReadUInt16LittleEndian(message[(Fields + (4 * field))..]);
        int bytes = 2 * Math.Min(MaxCharacters, (int)BinaryPrimitives.ReadUInt16LittleEndian(message[(Fields + (4 * field) + 2)..]));
        if (offset + bytes > message.Length)
        {
            return "";
        }

        byte[] text = message.Slice(offset, bytes).ToArray();
        for (int i = 0; hidden && i < text.Length; i++)
        {
            int plain = text[i] ^ 0xA5;
            text[i] = (byte)((plain << 4) | (plain >> 4));
        }

        return Encoding.Unicode.GetString(text);
    }
}
