using System.Net;
using System.Text;
using System.Text.Json;
using Whorl.Sources.Sites;
using Whorl.Sources.Sites.Convex;
using Whorl.Stores;

namespace Whorl.Tests.Sites;

/// <summary>Calls to Convex: what is tried again, what is said when it is of no use, and that the key stays where it is.</summary>
public sealed class ConvexClientTests
{
    private const string Key = "prod:happy-animal-123|secret";

    [Fact]
    public async Task The_owner_calls_the_functions_themselves_and_whoever_signs_in_the_signed_ones()
    {
        Deployment deployment = new(_ => Answer("5"));
        (await deployment.Client(new() { Url = "https://x.convex.cloud/", AdminKey = Key }).QueryAsync<double>("jobs:counts", new { Limit = 3, Nothing = (string?)null }, default)).ShouldBe(5);
        (await deployment.Client(new() { Url = "https://x.convex.cloud", AuthToken = "jwt" }).MutateAsync<double>("jobs:add", new { }, default)).ShouldBe(5);

        deployment.Calls.ShouldBe(
        [
            ("https://x.convex.cloud/api/query", $"Convex {Key}", """{"path":"jobs:counts","args":{"limit":3},"format":"json"}"""),
            ("https://x.convex.cloud/api/mutation", "Bearer jwt", """{"path":"signed/jobs:add","args":{},"format":"json"}"""),
        ]);
    }

    [Fact]
    public async Task The_client_names_itself_with_a_version_of_three_numbers_or_it_would_be_refused()
    {
        string[] said = [];
        Deployment deployment = new(request =>
        {
            said = [.. request.Headers.GetValues("Convex-Client")];
            return Answer("true");
        });
        await deployment.Client().QueryAsync<bool>("jobs:counts", new { }, default);
        said.ShouldHaveSingleItem().ShouldMatch(@"^whorl-\d+\.\d+\.\d+$");
    }

    [Fact]
    public async Task What_may_pass_by_itself_is_tried_again_with_the_same_words()
    {
        Deployment deployment = new(
            _ => new(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("""{"code":"OptimisticConcurrencyControlFailure","message":"…"}""") },
            _ => throw new HttpRequestException("connection reset"),
            _ => new(HttpStatusCode.TooManyRequests),
            _ => Answer("true"));
        (await deployment.Client().MutateAsync<bool>("jobs:succeed", new { Run = "r" }, default)).ShouldBeTrue();
        deployment.Calls.Count.ShouldBe(4);
        deployment.Calls.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task After_four_tries_it_is_a_fault_that_waiting_may_heal()
    {
        Deployment deployment = new(_ => new(HttpStatusCode.BadGateway) { Content = new StringContent("gateway of " + Key) });
        IOException fault = await Should.ThrowAsync<IOException>(() => deployment.Client().QueryAsync<bool>("jobs:counts", new { }, default));
        fault.Message.ShouldContain("x.convex.cloud");
        fault.Message.ShouldContain("502");
        fault.ToString().ShouldNotContain(Key);
        StoreFault.IsTransient(fault).ShouldBeTrue();
        deployment.Calls.Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("""{"status":"error","errorMessage":"Uncaught ConvexError: the record is larger","errorData":{"code":"invalid"}}""", 560, "the record is larger", "CONVEX_")]
    [InlineData("""{"status":"error","errorMessage":"Could not find function for 'jobs:counts'"}""", 560, "Could not find", "npx convex deploy")]
    [InlineData("""{"status":"error","errorMessage":"Uncaught"}""", 200, "Uncaught", "CONVEX_")]
    [InlineData("""{"code":"BadAdminKey","message":"the key prod:happy-animal-123|secret is bad"}""", 401, "does not accept the key or token", "CONVEX_ADMIN_KEY")]
    [InlineData("<html>", 200, "does not answer as Convex does", "CONVEX_URL")]
    [InlineData("", 404, "does not answer as Convex does: status 404", "CONVEX_URL")]
    [InlineData("[]", 200, "does not answer as Convex does", "CONVEX_URL")]
    [InlineData("null", 200, "does not answer as Convex does", "CONVEX_URL")]
    [InlineData("{}", 302, "does not answer as Convex does: status 302", "CONVEX_URL")]
    [InlineData("""{"status":"success"}""", 200, "does not answer as Convex does", "CONVEX_URL")]
    [InlineData("""{"status":"success","value":null}""", 200, "in a form that this version does not know", "npx convex deploy")]
    [InlineData("""{"status":"success","value":[null]}""", 200, "in a form that this version does not know", "npx convex deploy")]
    [InlineData("""{"status":"success","value":[{"run":"r"}]}""", 200, "in a form that this version does not know", "npx convex deploy")]
    [InlineData("""{"status":"success","value":[{"run":"r","job":null}]}""", 200, "in a form that this version does not know", "npx convex deploy")]
    public async Task What_a_person_has_to_change_is_said_once_with_what_to_change(string body, int status, string said, string hint)
    {
        Deployment deployment = new(_ => new((HttpStatusCode)status) { Content = new StringContent(body) });
        StoreException fault = await Should.ThrowAsync<StoreException>(() => deployment.Client().QueryAsync<LeasedShape[]>("jobs:claim", new { }, default));
        fault.Message.ShouldContain(said);
        fault.Hint.ShouldContain(hint);
        fault.ToString().ShouldNotContain(Key);
        deployment.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_the_other_side_says_is_told_in_one_line_of_bounded_length()
    {
        string message = JsonSerializer.Serialize("line\n\u001B[2Jline " + new string('x', 100_000));
        Deployment deployment = new(_ => new((HttpStatusCode)560) { Content = new StringContent($$"""{"status":"error","errorMessage":{{message}}}""") });
        string told = (await Should.ThrowAsync<StoreException>(() => deployment.Client().QueryAsync<bool>("jobs:counts", new { }, default))).Message;
        told.Length.ShouldBeLessThan(700);
        told.ShouldNotContain(c => char.IsControl(c));
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_to_its_end()
    {
        EndlessStream endless = new();
        Deployment deployment = new(_ => new(HttpStatusCode.OK) { Content = new StreamContent(endless) });
        (await Should.ThrowAsync<StoreException>(() => deployment.Client().QueryAsync<bool>("jobs:counts", new { }, default))).Message.ShouldContain("more than Convex ever does");
        endless.Given.ShouldBeLessThan(32 * 1024 * 1024);
    }

    [Fact]
    public async Task Whoever_asked_may_stop_waiting()
    {
        using CancellationTokenSource stop = new();
        Deployment deployment = new(_ =>
        {
            stop.Cancel();
            throw new OperationCanceledException(stop.Token);
        });
        await Should.ThrowAsync<OperationCanceledException>(() => deployment.Client().QueryAsync<bool>("jobs:counts", new { }, stop.Token));
        deployment.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Silence_is_a_fault_after_a_while()
    {
        Deployment deployment = new(_ => throw new OperationCanceledException());
        (await Should.ThrowAsync<IOException>(() => deployment.Client().QueryAsync<bool>("jobs:counts", new { }, default))).Message.ShouldContain("no answer within 30 s");
    }

    [Fact]
    public void Times_survive_the_way_there_and_back_to_the_microsecond()
    {
        foreach (long microseconds in (long[])[0, 1, 1_772_366_400_000_001, 1_772_366_400_123_456, 4_102_444_799_999_999])
        {
            DateTimeOffset time = DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds);
            ConvexTime.Read(ConvexTime.Of(time)).ShouldBe(time);
        }

        ConvexTime.Read(double.MaxValue).Year.ShouldBe(9999);
        ConvexTime.Read(-1).ShouldBe(DateTimeOffset.UnixEpoch);
    }

    private static HttpResponseMessage Answer(string value) => new(HttpStatusCode.OK) { Content = new StringContent($$"""{"status":"success","value":{{value}}}""") };

    /// <summary>Answers calls in turn, the last answer for ever, and keeps what was asked.</summary>
    private sealed class Deployment(params Func<HttpRequestMessage, HttpResponseMessage>[] answers) : HttpMessageHandler
    {
        public List<(string Url, string? Authorization, string Body)> Calls { get; } = [];

        public ConvexClient Client(ConvexOptions? options = null) => new(options ?? new() { Url = "https://x.convex.cloud", AdminKey = Key }, new HastyClock(), this);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string body = Encoding.UTF8.GetString(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
            Calls.Add((request.RequestUri!.AbsoluteUri, request.Headers.Authorization?.ToString(), body));
            return answers[Math.Min(Calls.Count, answers.Length) - 1](request);
        }
    }

    /// <summary>Short pauses pass at once, long ones never.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime < TimeSpan.FromSeconds(10) ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
