using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Sites.Fetching.Names;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>A name server in this process, over UDP and TCP.</summary>
internal sealed class FakeNames : IAsyncDisposable
{
    private readonly UdpClient _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private readonly ConcurrentDictionary<(string Name, DnsType Type), Queue<byte[][]>> _records = new();

    public FakeNames()
    {
        (_udp, _tcp) = Listen();
        _work = Task.WhenAll(DatagramsAsync(), StreamsAsync());
    }

    public IPEndPoint EndPoint => (IPEndPoint)_udp.Client.LocalEndPoint!;

    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Names that get no answer at all.</summary>
    public HashSet<string> Silent { get; } = new(StringComparer.Ordinal);

    /// <summary>Names whose datagrams say that they were cut.</summary>
    public HashSet<string> Long { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers of strangers that come before the right one.</summary>
    public Func<byte[], byte[]>? Forged { get; set; }

    /// <summary>Records for a question: whole resource records without their owner, which is the question's. Each call is one more answer; the last one stays.</summary>
    public FakeNames Add(string name, DnsType type, params byte[][] records)
    {
        _records.GetOrAdd((name, type), _ => new()).Enqueue(records);
        return this;
    }

    public FakeNames Address(string name, params string[] addresses)
    {
        foreach (IGrouping<DnsType, IPAddress> group in addresses.Select(IPAddress.Parse).GroupBy(each => each.AddressFamily == AddressFamily.InterNetwork ? DnsType.A : DnsType.Aaaa))
        {
            Add(name, group.Key, [.. group.Select(each => Record(group.Key, each.GetAddressBytes()))]);
        }

        return this;
    }

    public static byte[] Record(DnsType type, byte[] data, string? owner = null)
    {
        byte[] head = new byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)type);
        head[3] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(8), (ushort)data.Length);
        return [.. owner is null ? [0xC0, 12] : Name(owner), .. head, .. data];
    }

    public static byte[] Name(string name) => [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _udp.Dispose();
        _tcp.Stop();
        _stop.Dispose();
    }

    // One port for both; whichever UDP gets may be in use over TCP.
    private static (UdpClient Udp, TcpListener Tcp) Listen()
    {
        for (int attempt = 0; ; attempt++)
        {
            UdpClient udp = new(new IPEndPoint(IPAddress.Loopback, 0));
            TcpListener tcp = new((IPEndPoint)udp.Client.LocalEndPoint!);
            try
            {
                tcp.Start();
                return (udp, tcp);
            }
            catch (SocketException) when (attempt < 20)
            {
                udp.Dispose();
                tcp.Dispose();
            }
        }
    }

    private async Task DatagramsAsync()
    {
        try
        {
            while (true)
            {
                UdpReceiveResult asked = await _udp.ReceiveAsync(_stop.Token);
                if (Forged is { } forged)
                {
                    await _udp.SendAsync(forged(asked.Buffer), asked.RemoteEndPoint, _stop.Token);
                }

                if (Answer(asked.Buffer, datagram: true) is { } answer)
                {
                    await _udp.SendAsync(answer, asked.RemoteEndPoint, _stop.Token);
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task StreamsAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _tcp.AcceptTcpClientAsync(_stop.Token);
                NetworkStream stream = client.GetStream();
                byte[] size = new byte[2];
                await stream.ReadExactlyAsync(size, _stop.Token);
                byte[] question = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
                await stream.ReadExactlyAsync(question, _stop.Token);
                byte[] answer = Answer(question, datagram: false)!;
                await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], _stop.Token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private byte[]? Answer(byte[] question, bool datagram)
    {
        byte[] plain = [.. question];
        plain[10] = plain[11] = 0;
        DnsMessage.TryRead(plain, out DnsMessage? asked).ShouldBe(ParseStatus.Done);
        Asked.Enqueue($"{asked!.Question} {asked.QuestionType}");
        if (Silent.Contains(asked.Question))
        {
            return null;
        }

        bool cut = datagram && Long.Contains(asked.Question);
        bool known = _records.TryGetValue((asked.Question, asked.QuestionType), out Queue<byte[][]>? queue);
        byte[][] records = cut || !known ? [] : queue!.Count > 1 ? queue.Dequeue() : queue.Peek();
        bool named = _records.Keys.Any(key => key.Name == asked.Question);
        int end = 12 + Name(asked.Question).Length + 4;
        byte[] answer = [.. question.AsSpan(0, end), .. records.SelectMany(record => record)];
        answer[2] = (byte)(0x81 | (cut ? 2 : 0));
        answer[3] = (byte)(0x80 | (named ? 0 : 3));
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)records.Length);
        answer[8] = answer[9] = answer[10] = answer[11] = 0;
        return answer;
    }
}
