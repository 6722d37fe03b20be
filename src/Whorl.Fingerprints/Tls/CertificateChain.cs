using Whorl.Fingerprints.Wire;

namespace Whorl.Fingerprints.Tls;

/// <summary>
/// The Certificate message of TLS up to 1.2 (RFC 5246 §7.4.2): the chain a peer shows, as raw DER. TLS 1.3 sends it
/// encrypted and in another layout. Nothing here looks inside a certificate.
/// </summary>
public sealed class CertificateChain
{
    /// <summary>The longest message that is read, in bytes; OpenSSL's own limit is 100 KiB.</summary>
    public const int MaxMessageLength = 128 * 1024;

    // Chains have two to five links; some servers send their whole store.
    private const int MaxCertificates = 64;

    private const byte CertificateType = 11;

    private CertificateChain(ReadOnlyMemory<byte>[] certificates) => Certificates = certificates;

    /// <summary>The certificates in the order sent, each as DER; empty where a client answers that it has none.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>Reads a chain from a handshake message: type 11, 24-bit length, body.</summary>
    /// <param name="handshakeMessage">The message; bytes after its end are left alone.</param>
    /// <param name="chain">The chain where the status is <see cref="ParseStatus.Done"/>.</param>
    /// <returns>Whether the message is a chain, could become one with more bytes, or never will.</returns>
    public static ParseStatus TryParse(ReadOnlySpan<byte> handshakeMessage, out CertificateChain? chain)
    {
        chain = null;
        ParseStatus status = HandshakeRecords.CheckHeader(handshakeMessage, CertificateType, MaxMessageLength, out int length);
        if (status != ParseStatus.Done)
        {
            return status;
        }

        if (handshakeMessage.Length < length)
        {
            return ParseStatus.NeedMore;
        }

        WireReader message = new(handshakeMessage[ClientHello.HeaderLength..length]);
        ReadOnlySpan<byte> list = message.Block24();
        if (!message.Ok || message.Left != 0)
        {
            return ParseStatus.Malformed;
        }

        ReadOnlyMemory<byte> copy = list.ToArray();
        List<ReadOnlyMemory<byte>> certificates = [];
        WireReader reader = new(list);
        while (reader.Left > 0)
        {
            int size = reader.Block24().Length;
            if (!reader.Ok || certificates.Count == MaxCertificates)
            {
                return ParseStatus.Malformed;
            }

            certificates.Add(copy.Slice(list.Length - reader.Left - size, size));
        }

        chain = new CertificateChain([.. certificates]);
        return ParseStatus.Done;
    }
}
