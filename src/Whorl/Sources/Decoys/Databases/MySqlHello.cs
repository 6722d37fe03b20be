using System.Buffers.Binary;
using System.Text;

namespace Whorl.Sources.Decoys.Databases;

/// <summary>A client's first packet to MySQL: HandshakeResponse41 of protocol 10, or the request to go over to TLS, which begins the same.</summary>
/// <param name="Response">Answer to the challenge.</param>
internal sealed record MySqlHello(bool WantsTls, string User, byte[] Response, string Database, string Plugin)
{
    private const uint ConnectWithDatabase = 0x8;
    private const uint Protocol41 = 0x200;
    private const uint Tls = 0x800;
    private const uint SecureConnection = 0x8000;
    private const uint PluginAuth = 0x80000;
    private const uint LengthEncoded = 0x200000;

    // Capabilities, largest packet, character set and 23 zeros.
    private const int FixedLength = 32;

    /// <summary>Reads a packet's payload; null where it is none.</summary>
    public static MySqlHello? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < FixedLength)
        {
            return null;
        }

        uint capabilities = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if ((capabilities & Protocol41) == 0)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = payload[FixedLength..];
        if ((capabilities & Tls) != 0 && rest.IsEmpty)
        {
            return new(true, "", [], "", "");
        }

        string user = Terminated(ref rest);
        ReadOnlySpan<byte> response;
        if ((capabilities & (LengthEncoded | SecureConnection)) != 0)
        {
            // Lengths of more than one byte begin with 0xFC or more; no answer to a challenge is that long.
            if (rest.IsEmpty || rest[0] >= 0xFB || rest.Length - 1 < rest[0])
            {
                return null;
            }

            response = rest.Slice(1, rest[0]);
            rest = rest[(1 + rest[0])..];
        }
        else
        {
            response = Encoding.Latin1.GetBytes(Terminated(ref rest));
        }

        string database = (capabilities & ConnectWithDatabase) != 0 ? Terminated(ref rest) : "";
        string plugin = (capabilities & PluginAuth) != 0 ? Terminated(ref rest) : "";
        return new(false, user, response.ToArray(), database, plugin);
    }

    // A text up to a zero, or to the end where none comes.
    private static string Terminated(ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)0);
        string text = Encoding.Latin1.GetString(end < 0 ? rest : rest[..end]);
        rest = end < 0 ? default : rest[(end + 1)..];
        return text;
    }
}
