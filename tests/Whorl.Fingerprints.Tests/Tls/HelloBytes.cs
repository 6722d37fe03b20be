using System.Buffers.Binary;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>Builds hellos byte by byte, so that a test shows what is odd about its hello.</summary>
internal sealed class HelloBytes
{
    private readonly List<(ushort Type, byte[] Content)> _extensions = [];

    public ushort Version { get; init; } = 0x0303;

    public byte[] SessionId { get; init; } = new byte[32];

    public byte[]? Cookie { get; init; }

    public ushort[] Ciphers { get; init; } = [0x1301, 0x1302, 0xC02F];

    public HelloBytes With(ushort type, params byte[] content)
    {
        _extensions.Add((type, content));
        return this;
    }

    public HelloBytes WithSni(string name) =>
        With(0, [.. U16(name.Length + 3), 0, .. U16(name.Length), .. Text(name)]);

    public HelloBytes WithAlpn(params byte[][] names)
    {
        byte[] list = [.. names.SelectMany(static n => (byte[])[(byte)n.Length, .. n])];
        return With(16, [.. U16(list.Length), .. list]);
    }

    public HelloBytes WithList16(ushort type, params ushort[] values) => With(type, [.. U16(values.Length * 2), .. values.SelectMany(static v => U16(v))]);

    public HelloBytes WithVersions(params ushort[] values) => With(43, [(byte)(values.Length * 2), .. values.SelectMany(static v => U16(v))]);

    public byte[] Message()
    {
        byte[] extensions = [.. _extensions.SelectMany(static e => (byte[])[.. U16(e.Type), .. U16(e.Content.Length), .. e.Content])];
        byte[] body =
        [
            .. U16(Version),
            .. Enumerable.Range(1, 32).Select(static i => (byte)i),
            (byte)SessionId.Length, .. SessionId,
            .. Cookie is null ? [] : (byte[])[(byte)Cookie.Length, .. Cookie],
            .. U16(Ciphers.Length * 2), .. Ciphers.SelectMany(static c => U16(c)),
            1, 0,
            .. _extensions.Count == 0 ? [] : (byte[])[.. U16(extensions.Length), .. extensions],
        ];
        return [1, 0, .. U16(body.Length), .. body];
    }

    public static byte[] Records(ReadOnlySpan<byte> message, params int[] sizes)
    {
        List<byte> stream = [];
        for (int at = 0, i = 0; at < message.Length; i++)
        {
            int size = Math.Min(sizes.Length == 0 ? message.Length : sizes[Math.Min(i, sizes.Length - 1)], message.Length - at);
            stream.AddRange([22, 3, 1, .. U16(size)]);
            stream.AddRange(message.Slice(at, size));
            at += size;
        }

        return [.. stream];
    }

    public static byte[] U16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    private static byte[] Text(string text) => [.. text.Select(static c => (byte)c)];
}
