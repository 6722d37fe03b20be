using System.Text;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Ssh;

/// <summary>
/// SSH_MSG_KEXINIT (RFC 4253 §7.1), the first binary packet of each side. The name lists are kept as they were sent,
/// comma-separated and in order of preference; hostile text, bytes as Latin-1, to be escaped wherever it is printed.
/// </summary>
/// <remarks>
/// <code>
/// uint32 packet_length | byte padding_length | byte 20 | byte[16] cookie | 10 × (uint32 length, names)
///                      | byte first_kex_packet_follows | uint32 0 | padding
/// </code>
/// </remarks>
public sealed class KexInit
{
    /// <summary>Bytes of a packet at most. The RFC asks for 35,000; OpenSSH takes 256 KiB, and so does a test capture with a thousand names.</summary>
    public const int MaxPacketLength = 256 * 1024;

    // Some servers send SSH_MSG_IGNORE or SSH_MSG_DEBUG first; more than a few is not a key exchange.
    private const int MaxPacketsBefore = 8;

    private const byte Ignore = 2;
    private const byte Debug = 4;
    private const byte MessageNumber = 20;
    private const int CookieLength = 16;
    private const int Lists = 10;

    private readonly string[] _lists;

    private KexInit(string[] lists, bool guessFollows, int length)
    {
        _lists = lists;
        FirstPacketFollows = guessFollows;
        Length = length;
    }

    /// <summary>Key exchange methods.</summary>
    public string KexAlgorithms => _lists[0];

    /// <summary>Host key types: what a server has, or a client accepts.</summary>
    public string HostKeyAlgorithms => _lists[1];

    /// <summary>Ciphers from client to server.</summary>
    public string EncryptionClientToServer => _lists[2];

    /// <summary>Ciphers from server to client.</summary>
    public string EncryptionServerToClient => _lists[3];

    /// <summary>Message authentication codes from client to server.</summary>
    public string MacClientToServer => _lists[4];

    /// <summary>Message authentication codes from server to client.</summary>
    public string MacServerToClient => _lists[5];

    /// <summary>Compression methods from client to server.</summary>
    public string CompressionClientToServer => _lists[6];

    /// <summary>Compression methods from server to client.</summary>
    public string CompressionServerToClient => _lists[7];

    /// <summary>Languages from client to server; empty in practice.</summary>
    public string LanguagesClientToServer => _lists[8];

    /// <summary>Languages from server to client; empty in practice.</summary>
    public string LanguagesServerToClient => _lists[9];

    /// <summary>True where the side sends a guessed key exchange packet at once.</summary>
    public bool FirstPacketFollows { get; }

    /// <summary>Bytes up to and with the end of the packet.</summary>
    public int Length { get; }

    /// <summary>Reads the packet off the bytes that follow the banner.</summary>
    /// <param name="bytes">What the side sent so far after its <see cref="SshBanner"/>.</param>
    /// <param name="kexInit">The message where the status is <see cref="ParseStatus.Done"/>, otherwise null.</param>
    public static ParseStatus TryParse(ReadOnlySpan<byte> bytes, out KexInit? kexInit)
    {
        kexInit = null;
        int start = 0;
        for (int packets = 0; packets <= MaxPacketsBefore; packets++)
        {
            WireReader reader = new(bytes[start..]);
            uint length = reader.U32();
            int padding = reader.U8();
            int message = reader.U8();
            if (!reader.Ok)
            {
                return bytes.Length - start >= sizeof(uint) && length > MaxPacketLength ? ParseStatus.Malformed : ParseStatus.NeedMore;
            }

            if (length is < 2 or > MaxPacketLength || padding > length - 2 || message is not (MessageNumber or Ignore or Debug))
            {
                return ParseStatus.Malformed;
            }

            ReadOnlySpan<byte> rest = reader.Take((int)length - 2);
            if (!reader.Ok)
            {
                return ParseStatus.NeedMore;
            }

            start += sizeof(uint) + (int)length;
            if (message == MessageNumber)
            {
                return TryRead(rest[..^padding], start, ref kexInit);
            }
        }

        return ParseStatus.Malformed;
    }

    /// <summary>
    /// The name that two sides settle on: the client's first that the server has too (RFC 4253 §7.1); null where there is none.
    /// For host keys this names the type of the key that the server will show.
    /// </summary>
    /// <param name="clientNames">A list of the client, comma-separated.</param>
    /// <param name="serverNames">The same list of the server.</param>
    public static string? Agreed(string clientNames, string serverNames)
    {
        HashSet<string> offered = [.. (serverNames ?? string.Empty).Split(',')];
        return Array.Find((clientNames ?? string.Empty).Split(','), name => name.Length > 0 && offered.Contains(name));
    }

    private static ParseStatus TryRead(ReadOnlySpan<byte> payload, int length, ref KexInit? kexInit)
    {
        WireReader reader = new(payload);
        reader.Take(CookieLength);
        string[] lists = new string[Lists];
        for (int i = 0; i < Lists; i++)
        {
            uint bytes = reader.U32();
            lists[i] = Encoding.Latin1.GetString(reader.Take(bytes > MaxPacketLength ? -1 : (int)bytes));
        }

        bool guessFollows = reader.U8() != 0;
        reader.U32();
        if (!reader.Ok)
        {
            return ParseStatus.Malformed;
        }

        kexInit = new KexInit(lists, guessFollows, length);
        return ParseStatus.Done;
    }
}
