using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>Objects in a bucket, against a service that verifies signatures by itself.</summary>
public sealed class BucketObjectStoreTests : ObjectStoreContract, IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private FakeBucket _bucket = null!;

    public async ValueTask InitializeAsync() => _bucket = await FakeBucket.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _bucket.Refusals.ShouldBeEmpty();
        await _bucket.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Objects_stand_in_the_bucket_under_the_prefix_and_their_hash()
    {
        using ObjectStore store = Open();
        await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray());
        _bucket.Objects.ShouldHaveSingleItem().Key.ShouldBe("whorl/239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5");
        await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray());
        _bucket.Requests.Count(method => method == "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task A_bucket_of_many_objects_is_measured_page_by_page_and_only_under_the_prefix()
    {
        foreach (int n in Enumerable.Range(0, 7))
        {
            _bucket.Objects[$"whorl/{n}"] = new byte[100];
        }

        _bucket.Objects["of others"] = new byte[5000];
        using ObjectStore store = Open();
        (await store.UsedAsync()).ShouldBe(700);
    }

    [Fact]
    public async Task What_others_put_there_counts_after_an_hour()
    {
        ManualClock clock = new();
        using ObjectStore store = Open(clock: clock);
        (await store.UsedAsync()).ShouldBe(0);
        _bucket.Objects["whorl/other"] = new byte[100];
        clock.Advance(TimeSpan.FromMinutes(59));
        (await store.UsedAsync()).ShouldBe(0);
        clock.Advance(TimeSpan.FromMinutes(1));
        (await store.UsedAsync()).ShouldBe(100);
    }

    [Fact]
    public async Task What_came_back_other_than_it_was_is_not_opened()
    {
        using ObjectStore store = Open();
        string name = ObjectStore.NameOf("payload"u8);
        await store.TryKeepAsync(name, "payload"u8.ToArray());
        _bucket.Objects["whorl/" + name] = "PAYLOAD"u8.ToArray();
        (await store.OpenAsync(name)).ShouldBeNull();
    }

    [Theory]
    [InlineData(503, "SlowDown")]
    [InlineData(500, "InternalError")]
    [InlineData(403, "AccessDenied")]
    public async Task A_service_that_refuses_keeps_nothing_takes_no_room_and_opening_says_so(int status, string code)
    {
        using ObjectStore store = Open();
        (await store.UsedAsync()).ShouldBe(0);
        _bucket.Interfere = async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(context.Request.Method == "HEAD" ? "" : $"<Error><Code>{code}</Code></Error>");
            return true;
        };
        (await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeFalse();
        store.Refused.ShouldBe(1);
        IOException fault = await Should.ThrowAsync<IOException>(async () => await store.OpenAsync(ObjectStore.NameOf("payload"u8)));
        fault.Message.ShouldContain(code);
        fault.ToString().ShouldNotContain(FakeBucket.SecretKey);
        _bucket.Interfere = _ => Task.FromResult(false);
        (await store.UsedAsync()).ShouldBe(0);
        (await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeTrue();
    }

    [Fact]
    public async Task A_put_that_fails_gives_its_room_back()
    {
        using ObjectStore store = Open(megabytes: 1);
        byte[] bytes = new byte[900 * 1024];
        _bucket.Interfere = context =>
        {
            context.Response.StatusCode = context.Request.Method == "PUT" ? 500 : 200;
            return Task.FromResult(context.Request.Method == "PUT");
        };
        (await store.TryKeepAsync(ObjectStore.NameOf(bytes), bytes)).ShouldBeFalse();
        _bucket.Interfere = _ => Task.FromResult(false);
        (await store.TryKeepAsync(ObjectStore.NameOf(bytes), bytes)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("\"no hash\"", "1", "x")]
    [InlineData("", "99999999999999", "x")]
    [InlineData("\"0cc175b9c0f1b6a831c399e269772661\"", "5", "abcde")]
    public async Task Odd_answers_are_no_object(string tag, string length, string body)
    {
        using ObjectStore store = Open();
        _bucket.Interfere = async context =>
        {
            context.Response.Headers.ETag = tag;
            context.Response.Headers.ContentLength = long.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
            await context.Response.WriteAsync(body);
            await context.Response.Body.FlushAsync();
            if (body.Length != context.Response.ContentLength)
            {
                context.Abort();
            }

            return true;
        };
        try
        {
            (await store.OpenAsync(ObjectStore.NameOf("payload"u8))).ShouldBeNull();
        }
        catch (IOException fault)
        {
            fault.Message.ShouldContain("The object store");
        }
    }

    [Fact]
    public async Task A_connection_that_breaks_is_a_refusal()
    {
        using ObjectStore store = Open();
        _bucket.Interfere = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        (await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeFalse();
        store.Refused.ShouldBe(1);
    }

    [Fact]
    public async Task A_wrong_key_and_a_bucket_that_is_not_there_keep_nothing()
    {
        using ObjectStore wrong = Open(change: options => options.SecretKey = "another");
        (await wrong.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeFalse();
        _bucket.Refusals.ShouldAllBe(refusal => refusal == "signature");
        _bucket.Refusals.ShouldNotBeEmpty();
        _bucket.Refusals.Clear();

        using ObjectStore elsewhere = Open(change: options => options.Bucket = "nowhere");
        (await elsewhere.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeFalse();
        _bucket.Objects.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_secret_may_stand_in_a_file()
    {
        await File.WriteAllTextAsync(_folder.File("secret"), FakeBucket.SecretKey + "\n");
        using ObjectStore store = Open(change: options => (options.SecretKey, options.SecretKeyFile) = ("", _folder.File("secret")));
        (await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeTrue();
    }

    [Fact]
    public void What_a_bucket_needs_is_asked_for_at_the_start()
    {
        S3Options Options(Action<S3Options> change)
        {
            S3Options options = new() { Bucket = "b", AccessKey = "id", SecretKey = "secret" };
            change(options);
            return options;
        }

        Options(_ => { }).Faults().ShouldBeEmpty();
        Options(options => options.Bucket = "").Faults().ShouldHaveSingleItem().ErrorMessage!.ShouldContain("Objects:S3:Bucket");
        Options(options => options.Endpoint = "objects.example.com").Faults().ShouldHaveSingleItem().ErrorMessage!.ShouldContain("Objects:S3:Endpoint");
        Options(options => options.SecretKey = "").Faults().ShouldHaveSingleItem().ErrorMessage!.ShouldContain("SecretKeyFile");
        Options(options => options.SecretKeyFile = _folder.File("none")).Faults().Select(fault => fault.ErrorMessage).ShouldContain(message => message!.Contains("no file"));
        new ObjectOptions { S3 = Options(options => options.Bucket = "") }.Validate(new(this)).ShouldBeEmpty("files need no bucket");
    }

    internal override ObjectStore Open(int megabytes = 10) => Open(megabytes, null, null);

    private ObjectStore Open(int megabytes = 10, TimeProvider? clock = null, Action<S3Options>? change = null)
    {
        S3Options s3 = new() { Endpoint = _bucket.Url, Bucket = FakeBucket.Name, Region = FakeBucket.Region, Prefix = "whorl/", AccessKey = FakeBucket.AccessKey, SecretKey = FakeBucket.SecretKey };
        change?.Invoke(s3);
        return new(Options.Create(new ObjectOptions { Provider = ObjectProvider.S3, Megabytes = megabytes, S3 = s3 }), Options.Create(new NodeOptions { Data = _folder.Path }), clock ?? TimeProvider.System);
    }
}
