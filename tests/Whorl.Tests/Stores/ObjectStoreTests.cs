using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>Objects as files.</summary>
public sealed class ObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Files_are_their_owners_alone()
    {
        using ObjectStore store = Open();
        string name = ObjectStore.NameOf("payload"u8);
        await store.TryKeepAsync(name, "payload"u8.ToArray());
        File.GetUnixFileMode(_folder.File("objects", name[..2], name)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task What_a_killed_process_left_unfinished_is_removed_and_not_counted()
    {
        Directory.CreateDirectory(_folder.File("objects", "ab"));
        File.WriteAllText(_folder.File("objects", "ab", ".new-x"), "half");
        using ObjectStore store = Open();
        (await store.UsedAsync()).ShouldBe(0);
        File.Exists(_folder.File("objects", "ab", ".new-x")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_the_disk_refuses_is_counted_and_takes_no_room()
    {
        File.WriteAllText(_folder.File("objects"), "a file where the folder should be");
        using ObjectStore store = Open();
        (await store.TryKeepAsync(ObjectStore.NameOf("payload"u8), "payload"u8.ToArray())).ShouldBeFalse();
        store.Refused.ShouldBe(1);
        (await store.UsedAsync()).ShouldBe(0);
    }

    public void Dispose() => _folder.Dispose();

    internal override ObjectStore Open(int megabytes = 10) =>
        new(Options.Create(new ObjectOptions { Megabytes = megabytes }), Options.Create(new NodeOptions { Data = _folder.Path }), TimeProvider.System);
}
