
namespace Whorl.Kernel.Writing;

/// <summary>Short forms for one attribute: its name with a comma before, then its value.</summary>
internal static class AttributeNames
{
    public static void Name(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name)
    {
        Span<byte> room = json.Take(name.Length + 4);
        room[0] = (byte)',';
        room[1] = (byte)'"';
        name.CopyTo(room[2..]);
        room[^2] = (byte)'"';
        room[^1] = (byte)':';
    }

    public static void Plain(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        json.Name(name);
        json.Plain(value);
    }

    public static void Number(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, long value)
    {
        json.Name(name);
        json.Number(value);
    }

    public static void Flag(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name)
    {
        json.Name(name);
        json.Raw("true"u8);
    }

    /// <summary>What a peer sent, read one character per byte; nothing where it is null or empty.</summary>
    public static void Hostile(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, string? latin1, int max)
    {
        if (!string.IsNullOrEmpty(latin1))
        {
            json.Name(name);
            HostileText.Write(ref json, latin1, max);
        }
    }

    /// <summary>What a peer sent; nothing where it is empty.</summary>
    public static void Hostile(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int max)
    {
        if (!value.IsEmpty)
        {
            json.Name(name);
            HostileText.Write(ref json, value, max);
        }
    }

    /// <summary>A 16-bit number as 0x1301.</summary>
    public static void Hex(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, ushort value)
    {
        json.Name(name);
        Span<byte> room = json.Take(8);
        "\"0x0000\""u8.CopyTo(room);
        for (int i = 0; i < 4; i++)
        {
            room[3 + i] = "0123456789abcdef"u8[(value >> (12 - (4 * i))) & 15];
        }
    }

    public static void Address(this ref Utf8JsonBuffer json, ReadOnlySpan<byte> name, PeerAddress address)
    {
        json.Name(name);
        Span<byte> text = stackalloc byte[PeerAddress.MaxTextLength];
        json.Plain(text[..address.Write(text)]);
    }
}
