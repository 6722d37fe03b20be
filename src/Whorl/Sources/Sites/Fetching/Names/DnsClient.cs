using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Whorl.Fingerprints.Wire;

namespace Whorl.Sources.Sites.Fetching.Names;

/// <summary>What a name server said to one question, or that none did.</summary>
/// <param name="Fault">Why there is no answer; null where there is one, also one that says there are no such records.</param>
internal sealed record DnsReply(IReadOnlyList<DnsRecord> Answers, IReadOnlyList<DnsRecord> Authority, bool NoSuchName, string? Fault);

/// <summary>
/// Asks recursive name servers. Each question goes from a socket of its own, so that the system picks a random port, with a random id; what does not
/// repeat id and question, or comes from elsewhere, is not heard. What is too long for a datagram is asked for again over TCP.
/// </summary>
internal sealed class DnsClient(IReadOnlyList<IPEndPoint> servers)
{
    // The standard resolver waits 5 s; a lost datagram is found out sooner here, because a visit has 8 s for everything.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1500);

    private const int Tries = 2;

    // Datagrams that are no answer to the question, before the server counts as silent: somebody is guessing.
    private const int MaxStrangers = 64;

    /// <summary>The servers that the file names, as the system's resolver uses them; the one of this machine where it names none.</summary>
    public static IReadOnlyList<IPEndPoint> ServersOf(string resolvConf)
    {
        List<IPEndPoint> found = [];
        foreach (string line in resolvConf.Split('\n'))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", string text, ..] && found.Count < 3 && IPAddress.TryParse(text, out IPAddress? address))
            {
                found.Add(new(address, 53));
            }
        }

        return found.Count > 0 ? found : [new(IPAddress.Loopback, 53)];
    }

    public async Task<DnsReply> AskAsync(string name, DnsType type, CancellationToken cancel)
    {
        byte[] question = new byte[512];
        int length = DnsMessage.WriteQuestion(0, name, type, question);
        if (length == 0)
        {
            return new([], [], NoSuchName: true, null);
        }

        string? fault = null;
        for (int i = 0; i < Tries * servers.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(question, (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1));
            IPEndPoint server = servers[i % servers.Count];
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            try
            {
                DnsMessage? answer = await DatagramAsync(server, question.AsMemory(0, length), patience.Token);
                if (answer is { IsTruncated: true })
                {
                    answer = await StreamAsync(server, question.AsMemory(0, length), patience.Token);
                }

                if (answer is { Code: DnsMessage.NoError or DnsMessage.NoSuchName })
                {
                    return new(answer.Answers, answer.Authority, answer.Code == DnsMessage.NoSuchName, null);
                }

                fault = answer is null ? "the name server's answer cannot be read" : $"the name server answers with code {answer.Code}";
            }
            catch (Exception error) when (error is SocketException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                fault = error is OperationCanceledException ? "no name server answered" : $"the name server: {error.Message}";
            }
        }

        return new([], [], false, fault);
    }

    private static async Task<DnsMessage?> DatagramAsync(IPEndPoint server, ReadOnlyMemory<byte> question, CancellationToken cancel)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancel);
        await socket.SendAsync(question, SocketFlags.None, cancel);
        byte[] answer = new byte[DnsMessage.MaxDatagram];
        for (int i = 0; i < MaxStrangers; i++)
        {
            int count = await socket.ReceiveAsync(answer, SocketFlags.None, cancel);
            if (Read(answer.AsSpan(0, count), question.Span) is { } message)
            {
                return message;
            }
        }

        return null;
    }

    private static async Task<DnsMessage?> StreamAsync(IPEndPoint server, ReadOnlyMemory<byte> question, CancellationToken cancel)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancel);
        await using NetworkStream stream = new(socket);
        byte[] sent = [(byte)(question.Length >> 8), (byte)question.Length, .. question.Span];
        await stream.WriteAsync(sent, cancel);
        byte[] size = new byte[2];
        await stream.ReadExactlyAsync(size, cancel);
        byte[] answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
        await stream.ReadExactlyAsync(answer, cancel);
        return Read(answer, question.Span) is { IsTruncated: false } message ? message : null;
    }

    private static DnsMessage? Read(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> question)
    {
        if (DnsMessage.TryRead(answer, out DnsMessage? message) != ParseStatus.Done || message is not { IsAnswer: true } || message.Id != BinaryPrimitives.ReadUInt16BigEndian(question))
        {
            return null;
        }

        // The question as it was sent, read back by the same reader.
        Span<byte> plain = stackalloc byte[question.Length];
        question.CopyTo(plain);
        plain[10] = plain[11] = 0;
        return DnsMessage.TryRead(plain, out DnsMessage? asked) == ParseStatus.Done && asked!.Question == message.Question && asked.QuestionType == message.QuestionType ? message : null;
    }
}
