using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>Objects by their hash: kept once, whole or not at all, within their budget.</summary>
public sealed class ObjectStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task The_same_bytes_are_kept_once_and_read_back()
    {
        ObjectStore store = Open();
        byte[] bytes = "payload"u8.ToArray();
        string name = ObjectStore.NameOf(bytes);
        name.ShouldBe("239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5");
        (await store.TryKeepAsync(name, bytes)).ShouldBeTrue();
        long used = store.Used;
        (await store.TryKeepAsync(name, bytes)).ShouldBeTrue();
        store.Used.ShouldBe(used);
        Open().Used.ShouldBe(used);
        await using FileStream kept = store.Open(name)!;
        using StreamReader reader = new(kept);
        (await reader.ReadToEndAsync()).ShouldBe("payload");
        File.GetUnixFileMode(_folder.File("objects", name[..2], name)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_full_store_keeps_what_it_has_and_nothing_more()
    {
        ObjectStore store = Open(megabytes: 1);
        byte[] first = new byte[900 * 1024], second = [.. Enumerable.Repeat((byte)1, 200 * 1024)];
        (await store.TryKeepAsync(ObjectStore.NameOf(first), first)).ShouldBeTrue();
        (await store.TryKeepAsync(ObjectStore.NameOf(second), second)).ShouldBeFalse();
        store.Refused.ShouldBe(1);
        store.Open(ObjectStore.NameOf(second)).ShouldBeNull();
        using FileStream? kept = store.Open(ObjectStore.NameOf(first));
        kept.ShouldNotBeNull();
    }

    [Fact]
    public void What_a_killed_process_left_unfinished_is_removed_and_not_counted()
    {
        Directory.CreateDirectory(_folder.File("objects", "ab"));
        File.WriteAllText(_folder.File("objects", "ab", ".new-x"), "half");
        Open().Used.ShouldBe(0);
        File.Exists(_folder.File("objects", "ab", ".new-x")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("AB")]
    public void A_name_that_is_no_hash_names_nothing(string name) => Open().Open(name).ShouldBeNull();

    public void Dispose() => _folder.Dispose();

    private ObjectStore Open(int megabytes = 10) =>
        new(Options.Create(new ObjectOptions { Megabytes = megabytes }), Options.Create(new NodeOptions { Data = _folder.Path }), TimeProvider.System);
}
