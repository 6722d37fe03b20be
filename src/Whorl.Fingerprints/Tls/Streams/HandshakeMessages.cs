using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// The plain-text handshake messages of one direction of one connection, as far as fingerprints and evidence need them.
/// </summary>
public sealed class HandshakeMessages
{
    // One hello, one after a HelloRetryRequest or HelloVerifyRequest; more only from a peer that starts over.
    private const int MaxHellos = 4;

    private readonly List<ClientHello> _clientHellos = [];
    private readonly List<ServerHello> _serverHellos = [];

    internal HandshakeMessages()
    {
    }

    /// <summary>ClientHellos in the order sent; the second one answers a HelloRetryRequest or a HelloVerifyRequest.</summary>
    public IReadOnlyList<ClientHello> ClientHellos => _clientHellos;

    /// <summary>ServerHellos in the order sent, HelloRetryRequests included.</summary>
    public IReadOnlyList<ServerHello> ServerHellos => _serverHellos;

    /// <summary>The first Certificate message, or null; absent in TLS 1.3, where it is encrypted.</summary>
    public CertificateChain? Certificates { get; private set; }

    internal static int MaxLengthOf(byte type) => type == 11 ? CertificateChain.MaxMessageLength : ClientHello.MaxMessageLength;

    /// <summary>Takes a whole message with a 4-byte header; false where a message that is kept here does not parse.</summary>
    internal bool Add(ReadOnlySpan<byte> message, bool isDtls)
    {
        switch (message[0])
        {
            case 1:
                if (ClientHello.TryParseWhole(message, isDtls, out ClientHello? client) != ParseStatus.Done)
                {
                    return false;
                }

                AddUpTo(MaxHellos, _clientHellos, client!);
                return true;
            case 2:
                if (ServerHello.TryParseWhole(message, isDtls, out ServerHello? server) != ParseStatus.Done)
                {
                    return false;
                }

                AddUpTo(MaxHellos, _serverHellos, server!);
                return true;
            case 11 when Certificates is null:
                if (CertificateChain.TryParse(message, out CertificateChain? chain) != ParseStatus.Done)
                {
                    return false;
                }

                Certificates = chain;
                return true;
            default:
                return true;
        }
    }

    private static void AddUpTo<T>(int limit, List<T> list, T item)
    {
        if (list.Count < limit)
        {
            list.Add(item);
        }
    }
}
