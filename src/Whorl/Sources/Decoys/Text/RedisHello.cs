using System.Globalization;
using System.Text;

namespace Whorl.Sources.Decoys.Text;

/// <summary>HELLO of Redis 6 and later: chooses the protocol, and may sign in on the way.</summary>
/// <param name="Protocol">2 or 3; null where none was named.</param>
/// <param name="User">Who signs in; null where nobody does.</param>
/// <param name="Fault">What Redis says where it is none.</param>
internal sealed record RedisHello(int? Protocol, string? User, byte[]? Secret, string? Fault)
{
    public static RedisHello Read(IReadOnlyList<byte[]> arguments)
    {
        int? protocol = null;
        if (arguments.Count > 1)
        {
            if (!int.TryParse(Encoding.Latin1.GetString(arguments[1]), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                return new(null, null, null, "-ERR Protocol version is not an integer or out of range\r\n");
            }

            if (number is not (2 or 3))
            {
                return new(null, null, null, "-NOPROTO unsupported protocol version\r\n");
            }

            protocol = number;
        }

        string? user = null;
        byte[]? secret = null;
        for (int i = 2; i < arguments.Count; i++)
        {
            switch (Encoding.Latin1.GetString(arguments[i]).ToUpperInvariant())
            {
                case "AUTH" when i + 2 < arguments.Count:
                    (user, secret) = (Encoding.Latin1.GetString(arguments[i + 1]), arguments[i + 2]);
                    i += 2;
                    break;
                case "SETNAME" when i + 1 < arguments.Count:
                    i++;
                    break;
                default:
                    return new(null, null, null, "-ERR Syntax error in HELLO\r\n");
            }
        }

        return new(protocol, user, secret, null);
    }

    /// <summary>What Redis says of itself, as a map in protocol 3 and as a list in protocol 2.</summary>
    public static string Answer(int protocol, string version) =>
        $"{(protocol == 3 ? "%7" : "*14")}\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n${version.Length}\r\n{version}\r\n$5\r\nproto\r\n:{protocol}\r\n$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
}
