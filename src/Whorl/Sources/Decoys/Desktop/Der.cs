namespace Whorl.Sources.Decoys.Desktop;

/// <summary>The little of DER (X.690) that wraps NTLM: lengths, and two messages.</summary>
internal static class Der
{
    private const byte Sequence = 0x30;
    private const byte OctetString = 0x04;

    // 1.3.6.1.5.5.2 and 1.3.6.1.4.1.311.2.2.10.
    private static readonly byte[] Spnego = [6, 6, 0x2B, 6, 1, 5, 5, 2];
    private static readonly byte[] NtlmMechanism = [6, 10, 0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];

    /// <summary>Bytes of the value that begins here, its head counted; -1 where the length is none. Takes at least six bytes.</summary>
    public static int TotalLength(ReadOnlySpan<byte> bytes) => bytes[1] switch
    {
        < 0x80 => 2 + bytes[1],
        0x81 => 3 + bytes[2],
        0x82 => 4 + ((bytes[2] << 8) | bytes[3]),
        _ => -1,
    };

    /// <summary>TSRequest with one token ([MS-CSSP] §2.2.1).</summary>
    public static byte[] CredSsp(byte[] token) =>
        Value(Sequence, [.. Value(0xA0, [2, 1, 2]), .. Value(0xA1, Value(Sequence, Value(Sequence, Value(0xA0, Value(OctetString, token)))))]);

    /// <summary>NegTokenInit that offers NTLM (RFC 4178 §4.2.1).</summary>
    public static byte[] Offer() => Value(0x60, [.. Spnego, .. Value(0xA0, Value(Sequence, Value(0xA0, Value(Sequence, NtlmMechanism))))]);

    /// <summary>NegTokenResp that goes on with NTLM (RFC 4178 §4.2.2).</summary>
    public static byte[] GoOn(byte[] token) =>
        Value(0xA1, Value(Sequence, [.. Value(0xA0, [0x0A, 1, 1]), .. Value(0xA1, NtlmMechanism), .. Value(0xA2, Value(OctetString, token))]));

    private static byte[] Value(byte tag, byte[] content) => content.Length switch
    {
        < 0x80 => [tag, (byte)content.Length, .. content],
        < 0x100 => [tag, 0x81, (byte)content.Length, .. content],
        _ => [tag, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content],
    };
}
