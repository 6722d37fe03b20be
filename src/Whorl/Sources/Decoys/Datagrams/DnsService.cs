using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Datagrams;

/// <summary>DNS over UDP: tells what was asked and refuses it, in as many bytes as the question has.</summary>
internal sealed class DnsService : IDatagramService
{
    private const int HeaderLength = 12;

    public ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> datagram, DatagramReport report)
    {
        if (DnsQuestion.Read(datagram) is not { } question)
        {
            return default;
        }

        report.Query(question.Name, question.Type);
        byte[] answer = datagram[..question.Length].ToArray();

        // Response, what the client asked of recursion, no authority; REFUSED.
        answer[2] = (byte)(0x80 | (answer[2] & 0x79));
        answer[3] = 5;
        answer.AsSpan(6, HeaderLength - 6).Clear();
        return answer;
    }
}

/// <summary>The first question of a DNS message (RFC 1035 §4.1).</summary>
/// <param name="Length">Bytes from the begin of the message to the end of the question.</param>
internal sealed record DnsQuestion(string Name, string Type, int Length)
{
    // RFC 1035 §2.3.4.
    private const int MaxName = 255;

    public static DnsQuestion? Read(ReadOnlySpan<byte> message)
    {
        WireReader reader = new(message);
        reader.U16();
        ushort flags = reader.U16(), questions = reader.U16();
        reader.Take(6);
        if ((flags & 0x8000) != 0 || questions != 1)
        {
            return null;
        }

        StringBuilder name = new();
        while (reader.Ok && reader.U8() is > 0 and byte length)
        {
            // A pointer makes no sense in a first question.
            if (length > 63 || name.Length + length > MaxName)
            {
                return null;
            }

            name.Append(name.Length > 0 ? "." : "").Append(Encoding.Latin1.GetString(reader.Take(length)));
        }

        ushort type = reader.U16(), kind = reader.U16();
        return reader.Ok ? new(name.Length > 0 ? name.ToString() : ".", (kind == 3 ? "CH " : "") + TypeName(type), message.Length - reader.Left) : null;
    }

    private static string TypeName(ushort type) => type switch
    {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        48 => "DNSKEY",
        65 => "HTTPS",
        252 => "AXFR",
        255 => "ANY",
        _ => $"TYPE{type}",
    };
}
