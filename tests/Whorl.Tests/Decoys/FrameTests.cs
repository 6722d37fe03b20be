using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Whorl.Kernel;
using Whorl.Sources.Decoys;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decoys;

/// <summary>What every conversation has, whatever it speaks: an id, an end, bounds, and secrets kept as the operator chose.</summary>
public sealed class FrameTests
{
    private const string Redis = "{ service: redis }";

    [Fact]
    public async Task A_conversation_is_told_with_one_id_and_its_end()
    {
        await using TestDecoy decoy = new(Redis);
        using (DecoyClient client = await decoy.ConnectAsync())
        {
            await client.AskAsync("AUTH hunter2\r\n", "WRONGPASS");
            await client.AskAsync("INFO\r\n", "NOAUTH");
        }

        JsonElement ended = (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes;
        JsonElement attempt = decoy.Sink.Of(DecoyKinds.Auth).ShouldHaveSingleItem().Attributes;
        JsonElement command = decoy.Sink.Of(DecoyKinds.Command).ShouldHaveSingleItem().Attributes;
        string session = ended.GetProperty("session.id").GetString()!;
        attempt.GetProperty("session.id").GetString().ShouldBe(session);
        command.GetProperty("session.id").GetString().ShouldBe(session);
        command.GetProperty("command.text").GetString().ShouldBe("INFO");
        ended.GetProperty("session.close").GetString().ShouldBe("client");
        ended.GetProperty("session.attempts").GetInt32().ShouldBe(1);
        ended.GetProperty("session.commands").GetString().ShouldBe("INFO");
        ended.GetProperty("session.bytes_in").GetInt32().ShouldBe("AUTH hunter2\r\nINFO\r\n".Length);
        ended.GetProperty("decoy").GetString().ShouldBe("decoy-1");
        ended.GetProperty("service").GetString().ShouldBe("redis");
        ended.GetProperty("destination.port").GetInt32().ShouldBe(decoy.EndPoint.Port);
    }

    [Theory]
    [InlineData(SecretKeeping.Clear, true, true)]
    [InlineData(SecretKeeping.Hashed, false, true)]
    [InlineData(SecretKeeping.Omitted, false, false)]
    internal async Task Secrets_are_kept_as_the_operator_chose(SecretKeeping keeping, bool clear, bool hash)
    {
        await using TestDecoy decoy = new(Redis, configure: options => options.Secrets = keeping);
        using (DecoyClient client = await decoy.ConnectAsync())
        {
            await client.AskAsync("AUTH hunter2\r\nAUTH hunter2\r\n", "WRONGPASS");
        }

        await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded);
        JsonElement[] attempts = [.. decoy.Sink.Of(DecoyKinds.Auth).Select(attempt => attempt.Attributes)];
        attempts.Length.ShouldBe(2);
        attempts[0].TryGetProperty("auth.secret", out JsonElement secret).ShouldBe(clear);
        attempts[0].TryGetProperty("auth.secret_hash", out JsonElement hashed).ShouldBe(hash);
        if (clear)
        {
            secret.GetString().ShouldBe("hunter2");
        }

        if (hash)
        {
            hashed.GetString()!.Length.ShouldBe(64);
            hashed.GetString().ShouldBe(attempts[1].GetProperty("auth.secret_hash").GetString());
        }

        string.Concat(decoy.Sink.Of(DecoyKinds.SessionEnded).Concat(decoy.Sink.Of(DecoyKinds.Command)).Select(each => each.Attributes.GetRawText())).ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_source_with_too_many_conversations_is_turned_away()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.ConnectionsPerSource = 2);
        using DecoyClient first = await decoy.ConnectAsync(), second = await decoy.ConnectAsync();
        await first.HearAsync("220");
        await second.HearAsync("220");
        using DecoyClient third = await decoy.ConnectAsync();
        (await third.HearAllAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_sends_more_than_is_allowed_is_cut_off()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.KilobytesIn = 16);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.HearAsync("220");
        try
        {
            for (int i = 0; i < 64; i++)
            {
                await client.SayAsync(new string('x', 1024));
            }
        }
        catch (SocketException)
        {
            // The decoy hung up meanwhile, as it should.
        }

        JsonElement ended = (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes;
        ended.GetProperty("session.close").GetString().ShouldBe("byte_limit");
        ended.GetProperty("session.bytes_in").GetInt32().ShouldBeLessThan(64 * 1024);
    }

    [Fact]
    public async Task Open_conversations_of_one_source_share_what_it_may_send_a_minute()
    {
        await using TestDecoy decoy = new("{ service: smtp }", configure: options => options.Limits.MegabytesPerMinute = 1);
        using DecoyClient first = await decoy.ConnectAsync(), second = await decoy.ConnectAsync();
        foreach (DecoyClient client in new[] { first, second })
        {
            await client.AskAsync("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nBDAT 600000\r\n", "2.1.5");
        }

        await first.AskAsync(new string('x', 600_000), "Ok: 600000 bytes");
        try
        {
            await second.SayAsync(new string('x', 600_000));
        }
        catch (SocketException)
        {
            // Cut off, as it should be.
        }

        (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes.GetProperty("session.close").GetString().ShouldBe("byte_limit");
        decoy.Sink.Of(DecoyKinds.SessionEnded).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_uploaded_over_ftp_counts_as_what_is_said()
    {
        await using TestDecoy decoy = new("{ service: ftp, accept: any }", configure: options => options.Limits.KilobytesIn = 64);
        using DecoyClient client = await decoy.ConnectAsync();
        await client.AskAsync("USER a\r\nPASS b\r\n", "230 ");
        using (DecoyClient data = await TextServiceTests.PassiveAsync(client))
        {
            await client.AskAsync("STOR x\r\n", "150 ");
            try
            {
                await data.SayAsync(new string('x', 200_000));
            }
            catch (SocketException)
            {
                // Cut off, as it should be.
            }
        }

        (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes.GetProperty("session.close").GetString().ShouldBe("byte_limit");
    }

    [Fact]
    public async Task Whoever_waits_too_long_for_a_turn_is_let_go()
    {
        ManualClock clock = new();
        using DecoyTalk talk = new(clock);
        using SemaphoreSlim gate = new(1);
        await using DecoySession first = talk.Session(DecoyTalk.Place("{ service: ssh }"), []), second = talk.Session(DecoyTalk.Place("{ service: ssh }"), []);
        (await first.EnterAsync(gate)).ShouldBeTrue();
        Task<bool> waits = second.EnterAsync(gate).AsTask();
        waits.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMinutes(1));
        (await waits).ShouldBeFalse();
        second.Close.ShouldBe(SessionClose.Idle);
    }

    [Fact]
    public async Task Whoever_does_not_take_the_end_of_tls_is_let_go()
    {
        ManualClock clock = new();
        using DecoyTalk talk = new(clock);
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp), far = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        await far.ConnectAsync(listener.LocalEndPoint!);
        using Socket near = await listener.AcceptAsync();
        DecoyPlace place = DecoyTalk.Place("{ service: https }");
        StuckStream stream = new(near);
        await using DecoySession session = talk.Session(place, stream);
        await using SslStream client = new(new NetworkStream(far), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
        Task greets = client.AuthenticateAsClientAsync("x");
        (await session.StartTlsAsync(talk.Certificates.For(place.Decoy, place.Persona))).ShouldBeTrue();
        await greets;
        stream.IsStuck = true;
        Task lingers = session.LingerAsync(near).AsTask();
        lingers.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(2));
        await lingers.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Whoever_is_silent_too_long_is_let_go()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.IdleTime = TimeSpan.FromMilliseconds(50));
        using DecoyClient client = await decoy.ConnectAsync();
        await client.HearAllAsync();
        (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes.GetProperty("session.close").GetString().ShouldBe("idle");
    }

    [Fact]
    public async Task Whoever_sends_a_byte_now_and_then_is_let_go_when_the_time_of_a_session_is_up()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.SessionTime = TimeSpan.FromMilliseconds(300));
        using DecoyClient client = await decoy.ConnectAsync();
        Task heard = client.HearAllAsync();
        while (!heard.IsCompleted)
        {
            try
            {
                await client.SayAsync("x");
            }
            catch (SocketException)
            {
                break;
            }

            await Task.WhenAny(heard, Task.Delay(20));
        }

        (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes.GetProperty("session.close").GetString().ShouldBe("time_limit");
    }

    [Fact]
    public async Task A_process_that_ends_tells_of_the_conversations_it_cuts()
    {
        await using TestDecoy decoy = new("{ service: ftp }");
        using DecoyClient client = await decoy.ConnectAsync();
        await client.HearAsync("220");
        decoy.Stop();
        (await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded))[0].Attributes.GetProperty("session.close").GetString().ShouldBe("stopping");
    }

    [Fact]
    public async Task After_so_many_observations_of_one_conversation_only_its_end_is_told()
    {
        await using TestDecoy decoy = new("{ service: ftp }", configure: options => options.Limits.Observations = 3);
        using (DecoyClient client = await decoy.ConnectAsync())
        {
            for (int i = 0; i < 10; i++)
            {
                await client.AskAsync("OPTS UTF8 ON\r\n", "200 Always");
            }
        }

        await decoy.Sink.WaitAsync(DecoyKinds.SessionEnded);
        decoy.Sink.Of(DecoyKinds.Command).Count.ShouldBe(3);
    }

    /// <summary>A connection that takes nothing any more once it is stuck.</summary>
    private sealed class StuckStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        public bool IsStuck { get; set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsStuck)
            {
                await new TaskCompletionSource().Task;
            }

            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
