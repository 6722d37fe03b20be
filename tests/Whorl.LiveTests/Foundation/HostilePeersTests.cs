using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Whorl.LiveTests.Processes;

namespace Whorl.LiveTests.Foundation;

/// <summary>Peers that mean harm, against the real process: it answers or drops each by a limit, says nothing alarming, and its memory stays flat.</summary>
[Collection(nameof(Alone))]
public sealed class HostilePeersTests
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

    private const int Rounds = 400;

    // What a warm process may still grow by over several thousand hostile connections; a leak of one 64 KiB buffer a connection would be ten times that.
    private const long MaxGrowthKiB = 48 * 1024;

    private static readonly byte[][] Openings =
    [
        Ascii("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"),
        Ascii("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n"),
        Ascii("GET / HTTP/1.1\nHost: a\n\n"),
        Ascii("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        Ascii("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Ascii("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('a', 64 * 1024) + "\r\n\r\n"),
        Ascii("GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"h{i}: 1\r\n"))),
        Ascii("GET /" + new string('a', 70_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        Ascii("PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + new string('\u0001', 400)),
        [0x16, 0x03, 0x01, 0xFF, 0xFF, 0x01, 0xFF, 0xFF, 0xFF],
        [0x16, 0x03, 0x01, 0x80, 0x00, .. new byte[600]],
        [0x16, 0x03, 0x01, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00],
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0xFF, 0xFF],
        [.. Enumerable.Range(0, 4000).Select(i => (byte)(i * 7919 >> 3))],
    ];

    [Fact]
    public async Task Floods_of_malformed_bytes_and_slow_heads_leave_memory_flat_and_the_site_up()
    {
        int plain = RunningProcess.FreePort(), tls = RunningProcess.FreePort(), proxied = RunningProcess.FreePort();
        await using NginxSite site = await NginxSite.StartAsync();
        await using WhorlProcess whorl = await FirstMinutesTests.StartAsync(site, plain, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Edge:Listen:1"] = $"https://127.0.0.1:{tls}",
            ["Edge:Listen:2"] = $"http://127.0.0.1:{proxied}",
            ["Edge:TrustedProxies:0"] = "127.0.0.1",
            ["Edge:ProxyProtocol:0"] = $"http://127.0.0.1:{proxied}",
            ["Edge:Limits:HeaderTime"] = "00:00:03",
        });
        int[] ports = [plain, tls, proxied];

        await FloodAsync(ports);
        long warm = MemoryKiB(whorl.Id);
        await FloodAsync(ports);
        long after = MemoryKiB(whorl.Id);

        // Slow heads: each is cut at the limit, and nobody else waits for them.
        List<Socket> slow = await OpenSlowAsync(plain, 300);
        (await FirstMinutesTests.CurlAsync(plain, "-A", Browser)).ShouldContain("the site");
        foreach (Socket socket in slow)
        {
            await EndsAsync(socket);
        }

        (await FirstMinutesTests.CurlAsync(plain, "-A", Browser, "-H", "X-Forwarded-For: 203.0.113.77")).ShouldContain("the site");
        (after - warm).ShouldBeLessThan(MaxGrowthKiB);
        whorl.Alarms.ShouldBeEmpty();
    }

    private static async Task FloodAsync(int[] ports)
    {
        foreach (int port in ports)
        {
            for (int round = 0; round < Rounds; round += 20)
            {
                await Task.WhenAll(Enumerable.Range(round, 20).Select(i => SendAsync(port, Openings[i % Openings.Length])));
            }
        }
    }

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(bytes);
            socket.Shutdown(SocketShutdown.Send);
            await EndsAsync(socket);
        }
        catch (SocketException)
        {
            // Reset in the middle: dropped, as it may be.
        }
    }

    private static async Task<List<Socket>> OpenSlowAsync(int port, int count)
    {
        List<Socket> slow = [];
        for (int i = 0; i < count; i++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(Ascii("GET / HTTP/1.1\r\nHost: a\r\nX-"));
            slow.Add(socket);
        }

        return slow;
    }

    /// <summary>Reads until the other side ends the connection; fails where it does not.</summary>
    private static async Task EndsAsync(Socket socket)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(40));
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, late.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset is an end too.
        }
    }

    internal static long MemoryKiB(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);

    private static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);
}
