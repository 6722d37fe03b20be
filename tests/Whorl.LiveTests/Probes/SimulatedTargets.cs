using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Whorl.LiveTests.Probes;

/// <summary>
/// A thousand hosts in one process: every address of 127.0.0.0/8 answers on a few ports, and how it does goes by the address. One in ten is a tarpit that
/// gives a byte a second, two in ten take connections and say nothing.
/// </summary>
internal sealed class SimulatedTargets : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<Task> _work = [];
    private readonly byte[] _tls = TlsAnswer();
    private readonly byte[] _ssh = SshAnswer();
    private readonly byte[] _web = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nServer: simulated\r\nContent-Length: 20\r\n\r\n<title>hello</title>");

    public SimulatedTargets()
    {
        TlsPort = Listen((socket, stop) => AnswerAsync(socket, _tls, readFirst: true, stop));
        SshPort = Listen((socket, stop) => AnswerAsync(socket, _ssh, readFirst: false, stop));
        WebPort = Listen((socket, stop) => AnswerAsync(socket, _web, readFirst: true, stop));
    }

    public int TlsPort { get; }

    public int SshPort { get; }

    public int WebPort { get; }

    public static string Address(int number) => $"127.50.{number / 200}.{(number % 200) + 1}";

    public static bool IsTarpit(int number) => number % 10 == 0;

    public static bool IsSilent(int number) => number % 10 is 1 or 2;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_work);
        _stop.Dispose();
    }

    private int Listen(Func<Socket, CancellationToken, Task> answer)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen(4096);
        _listeners.Add(listener);
        _work.Add(AcceptAsync(listener, answer));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private async Task AcceptAsync(Socket listener, Func<Socket, CancellationToken, Task> answer)
    {
        try
        {
            while (true)
            {
                _ = TalkAsync(await listener.AcceptAsync(_stop.Token), answer);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(Socket socket, Func<Socket, CancellationToken, Task> answer)
    {
        using (socket)
        {
            try
            {
                byte[] address = ((IPEndPoint)socket.LocalEndPoint!).Address.GetAddressBytes();
                int number = (address[2] * 200) + address[3] - 1;
                await (IsTarpit(number) ? DripAsync(socket, _stop.Token) : IsSilent(number) ? WaitAsync(socket, _stop.Token) : answer(socket, _stop.Token));
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The prober has left, or the test is over.
            }
        }
    }

    private static async Task AnswerAsync(Socket socket, byte[] answer, bool readFirst, CancellationToken stop)
    {
        byte[] heard = new byte[2048];
        if (readFirst)
        {
            await socket.ReceiveAsync(heard, stop);
        }

        await socket.SendAsync(answer, stop);
        await socket.ReceiveAsync(heard, stop);
        if (!readFirst)
        {
            await socket.ReceiveAsync(heard, stop);
        }
    }

    private static async Task DripAsync(Socket socket, CancellationToken stop)
    {
        byte[] drop = [22];
        while (true)
        {
            await socket.SendAsync(drop, stop);
            await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }
    }

    private static async Task WaitAsync(Socket socket, CancellationToken stop)
    {
        byte[] heard = new byte[2048];
        while (await socket.ReceiveAsync(heard, stop) > 0)
        {
        }
    }

    // A ServerHello of TLS 1.2, then a Certificate message.
    private static byte[] TlsAnswer()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=simulated", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        byte[] der = certificate.RawData;
        byte[] hello = Convert.FromHexString("160303003b0200003703030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2000c02b00000fff01000100000b0002010000170000");
        return [.. hello, 22, 3, 3, .. U16(der.Length + 10), 11, .. U24(der.Length + 6), .. U24(der.Length + 3), .. U24(der.Length), .. der];
    }

    private static byte[] SshAnswer()
    {
        string[] lists = ["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""];
        byte[] payload = [20, .. new byte[16], .. lists.SelectMany(list => (byte[])[0, 0, .. U16(list.Length), .. Encoding.ASCII.GetBytes(list)]), 0, 0, 0, 0, 0];
        return [.. "SSH-2.0-Simulated_1.0\r\n"u8, 0, 0, .. U16(payload.Length + 5), 4, .. payload, 0, 0, 0, 0];
    }

    private static byte[] U24(int value) => [(byte)(value >> 16), .. U16(value & 0xFFFF)];

    private static byte[] U16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
