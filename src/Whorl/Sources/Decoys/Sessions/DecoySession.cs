using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>
/// One conversation: the peer's bytes behind deadlines and caps, and what is told of it. Reading never throws: once anything ended the conversation, there is
/// nothing more to read, and writing does nothing.
/// </summary>
internal sealed class DecoySession : IAsyncDisposable
{
    /// <summary>Bytes that are held of what the peer sent and nobody took yet: the longest message of any service.</summary>
    public const int MaxInput = 64 * 1024;

    // Holds most first messages; nothing is held while a peer is silent.
    private const int FirstInput = 512;

    // A peer that does not take what it asked for.
    private static readonly TimeSpan WriteTime = TimeSpan.FromSeconds(15);

    // How long a peer may take to read our last words before the connection is cut.
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private readonly DecoyLimits _limits;
    private readonly TimeProvider _clock;
    private readonly long _begin;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _stopping;
    private Stream _stream;
    private byte[] _input = [];
    private int _start;
    private int _end;
    private SessionClose? _close;
    private bool _lastMoment;

    public DecoySession(Stream stream, SessionReport report, DecoyLimits limits, TimeProvider clock, CancellationToken stop)
    {
        (_stream, Report, _limits, _clock, _stop) = (stream, report, limits, clock, stop);
        _begin = clock.GetTimestamp();
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _stopping = stop.UnsafeRegister(static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline);
    }

    public SessionReport Report { get; }

    /// <summary>Asked of every byte that comes; says no where the source sent too many.</summary>
    public Func<int, bool> Allows { get; init; } = static _ => true;

    public DecoyPlace Place => Report.Place;

    public TimeProvider Clock => _clock;

    /// <summary>Ends when this process is to end.</summary>
    public CancellationToken Stop => _stop;

    /// <summary>What the peer sent and nobody took yet; valid until more is read.</summary>
    public ReadOnlyMemory<byte> Input => _input.AsMemory(_start, _end - _start);

    public bool IsOver => _close is not null;

    public bool IsEncrypted => _stream is SslStream;

    public long BytesIn { get; private set; }

    public long BytesOut { get; private set; }

    public TimeSpan Age => _clock.GetElapsedTime(_begin);

    public SessionClose Close => _close ?? SessionClose.Decoy;

    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Reads what comes next; false where nothing more will, or where more is held than any message needs.</summary>
    public async ValueTask<bool> MoreAsync()
    {
        if (_close is not null)
        {
            return false;
        }

        if (_end - _start >= MaxInput || BytesIn >= _limits.KilobytesIn * 1024L)
        {
            _close = SessionClose.ByteLimit;
            return false;
        }

        if (!Arm(_limits.IdleTime))
        {
            return false;
        }

        try
        {
            if (_end == 0 && _input.Length > 0)
            {
                Return();
            }

            if (_input.Length == 0)
            {
#pragma warning disable CA2022 // nothing is read here
                // Waits without a buffer: a silent peer costs no more than its connection.
                _ = await _stream.ReadAsync(Memory<byte>.Empty, _deadline.Token);
#pragma warning restore CA2022
            }

            Room();
            int read = await _stream.ReadAsync(_input.AsMemory(_end), _deadline.Token);
            _end += read;
            BytesIn += read;
            _close = read == 0 ? SessionClose.Client : Allows(read) ? _close : SessionClose.ByteLimit;
            return _close is null;
        }
        catch (OperationCanceledException)
        {
            _close = WhyCancelled();
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            _close = SessionClose.Client;
        }

        return false;
    }

    /// <summary>Counts bytes that the peer sent beside this stream, on a connection for data; false where they are too many, which ends the conversation.</summary>
    public bool TryTake(int count)
    {
        BytesIn += count;
        if (BytesIn >= _limits.KilobytesIn * 1024L || !Allows(count))
        {
            _close ??= SessionClose.ByteLimit;
        }

        return _close is null;
    }

    /// <summary>Counts bytes that are to be sent beside this stream; false where they are too many, which ends the conversation.</summary>
    public bool TryGive(int count)
    {
        if (BytesOut + count > _limits.KilobytesOut * 1024L)
        {
            _close ??= SessionClose.ByteLimit;
            return false;
        }

        BytesOut += count;
        return true;
    }

    /// <summary>Waits for a turn at what only few may do at once; false where the conversation ended before it came.</summary>
    public async ValueTask<bool> EnterAsync(SemaphoreSlim gate)
    {
        if (_close is not null || !Arm(_limits.IdleTime))
        {
            return false;
        }

        try
        {
            await gate.WaitAsync(_deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _close = WhyCancelled();
            return false;
        }
    }

    /// <summary>Reads until so many bytes are held.</summary>
    public async ValueTask<bool> HaveAsync(int count)
    {
        while (_end - _start < count)
        {
            if (count > MaxInput || !await MoreAsync())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>One line without its end, one character per byte. What is longer than <paramref name="max"/> is cut. Null where none comes any more.</summary>
    public async ValueTask<string?> ReadLineAsync(int max = 1024)
    {
        string? cut = null;
        int searched = 0;
        while (true)
        {
            ReadOnlySpan<byte> held = _input.AsSpan(_start, _end - _start);
            int end = held[searched..].IndexOf((byte)'\n');
            if (end >= 0)
            {
                end += searched;
                string line = cut ?? Encoding.Latin1.GetString(held[..Math.Min(end, max)].TrimEnd((byte)'\r'));
                Consume(end + 1);
                return line;
            }

            searched = held.Length;
            if (held.Length > max)
            {
                cut ??= Encoding.Latin1.GetString(held[..max]);
                Consume(held.Length);
                searched = 0;
            }

            if (!await MoreAsync())
            {
                return null;
            }
        }
    }

    public ValueTask WriteAsync(string latin1) => WriteAsync(Encoding.Latin1.GetBytes(latin1));

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_close is not null || bytes.IsEmpty)
        {
            return;
        }

        if (BytesOut + bytes.Length > _limits.KilobytesOut * 1024L)
        {
            _close = SessionClose.ByteLimit;
            return;
        }

        if (!Arm(WriteTime))
        {
            return;
        }

        try
        {
            await _stream.WriteAsync(bytes, _deadline.Token);
            BytesOut += bytes.Length;
        }
        catch (OperationCanceledException)
        {
            _close = WhyCancelled();
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            _close = SessionClose.Client;
        }
    }

    /// <summary>Goes over to TLS; what the peer sent in clear before is dropped. False where the handshake failed, which ends the conversation.</summary>
    public async ValueTask<bool> StartTlsAsync(SslStreamCertificateContext certificate)
    {
        if (_close is not null || !Arm(_limits.IdleTime))
        {
            return false;
        }

        _start = _end = 0;
        SslStream encrypted = new(_stream, leaveInnerStreamOpen: false);
        try
        {
            await encrypted.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = certificate, EnabledSslProtocols = SslProtocols.None, AllowRenegotiation = false, ClientCertificateRequired = false },
                _deadline.Token);
            _stream = encrypted;
            return true;
        }
        catch (OperationCanceledException)
        {
            _close = WhyCancelled();
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            _close = SessionClose.Client;
        }

        _stream = encrypted;
        return false;
    }

    /// <summary>Waits so long, as a real server does before it says no to a password; ends early with the conversation.</summary>
    public async ValueTask PauseAsync(TimeSpan time)
    {
        if (_close is null && Arm(time + WriteTime))
        {
            await Task.Delay(time, _clock, _deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _close = _deadline.IsCancellationRequested ? WhyCancelled() : _close;
        }
    }

    /// <summary>Says that the decoy has nothing more to say, and gives the peer a moment to take what was said.</summary>
    public async ValueTask LingerAsync(Socket socket)
    {
        if (_close is not null || !Arm(LingerTime))
        {
            return;
        }

        try
        {
            if (_stream is SslStream encrypted)
            {
                await encrypted.ShutdownAsync().WaitAsync(_deadline.Token);
            }

            socket.Shutdown(SocketShutdown.Send);
            byte[] rest = ArrayPool<byte>.Shared.Rent(FirstInput);
            for (int i = 0; i < MaxInput / FirstInput && await socket.ReceiveAsync(rest, SocketFlags.None, _deadline.Token) > 0; i++)
            {
                // What comes now is too late to matter; it is read so that the last words are not thrown away by a reset.
            }

            ArrayPool<byte>.Shared.Return(rest);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer had enough.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Return();
        await _stopping.DisposeAsync();
        _deadline.Dispose();
        await _stream.DisposeAsync();
    }

    // False where no time is left at all.
    private bool Arm(TimeSpan time)
    {
        TimeSpan left = _limits.SessionTime - Age;
        if (_deadline.IsCancellationRequested || left <= TimeSpan.Zero)
        {
            _lastMoment |= left <= TimeSpan.Zero;
            _close = WhyCancelled();
            return false;
        }

        _lastMoment = time >= left;
        _deadline.CancelAfter(_lastMoment ? left : time);
        return true;
    }

    private SessionClose WhyCancelled() =>
        _stop.IsCancellationRequested ? SessionClose.Stopping : _lastMoment ? SessionClose.TimeLimit : SessionClose.Idle;

    private void Room()
    {
        if (_input.Length == 0)
        {
            _input = ArrayPool<byte>.Shared.Rent(FirstInput);
        }
        else if (_end == _input.Length && _start > 0)
        {
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }
        else if (_end == _input.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_input.Length * 2);
            _input.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_input);
            _input = larger;
        }
    }

    private void Return()
    {
        if (_input.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_input);
            (_input, _start, _end) = ([], 0, 0);
        }
    }
}
